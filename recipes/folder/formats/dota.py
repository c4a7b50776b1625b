"""DOTA text: a line an object, `x1 y1 x2 y2 x3 y3 x4 y4 class difficult`, in pixels, clockwise from the front of the object.

The format: https://captain-whu.github.io/DOTA/dataset.html. Above the objects stand `imagesource:…` and `gsd:…` (metres a
pixel). Labels lie in `labelTxt` beside `images`, below a folder for each split, or beside the images. The format has no
list of classes; `classes.txt` gives one, else they are in alphabetical order.
"""

from collections.abc import Iterator
from posixpath import basename, dirname

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.numbers import is_number
from recipes.folder.tree import Tree, key, parents, split_of_folder, without_suffix
from zoo.errors import ZooError

CORNERS = tuple(f"{axis}{number}" for number in range(1, 5) for axis in "xy")
HEADERS = ("imagesource", "gsd")
FOLDER = "labeltxt"


def read(tree: Tree) -> Annotations:
    """Read the label of every image of the tree; images without one have no objects."""
    builder = AnnotationBuilder(tree, place="line")
    labels = labels_by_stem(builder.tree)
    taken = set()
    for image in pictures(builder.tree):
        label = labels.get(key(without_suffix(image)))
        entry = builder.entry(image, split_of_folder(image), label or "")
        if label:
            taken.add(label)
            read_label(builder, entry)
    for label in sorted(set(labels.values()) - taken):
        builder.problem("orphan", label, "no image of this name")
    return builder.finish([*builder.tree.listed_names(), *builder.names()])


def pictures(tree: Tree) -> list[str]:
    """Return the images of the data: those in `images` folders where there are any, else all."""
    own = [rel for rel in tree.images if "images" in key(dirname(rel)).split("/")]
    return own or list(tree.images)


def labels_by_stem(tree: Tree) -> dict[str, str]:
    """Return the label of each image by the image's place without its suffix; of several, the one that lies likeliest."""
    places = [(rank, stem, rel) for rel in label_files(tree) for rank, stem in enumerate(stems(rel))]
    return {stem: rel for _, stem, rel in sorted(places, reverse=True)}


def stems(label: str) -> list[str]:
    """Return the places, without a suffix, at which the image of a label may lie, the likeliest first."""
    parts = key(without_suffix(label)).split("/")
    at = next((index for index, part in enumerate(parts[:-1]) if part.startswith((FOLDER, "labels"))), None)
    if at is None:
        return ["/".join(parts)]
    before, after = parts[:at], parts[at + 1 :]
    # train/labelTxt/P0, beside the image, without its folder; and labelTxt-v1.0/labelTxt/P0
    places = [[*before, "images", *after], parts, [*before, *after], [*before, "images", parts[-1]]]
    return list(dict.fromkeys("/".join(place) for place in places))


def label_files(tree: Tree) -> list[str]:
    """Return the files that hold labels: those below `labelTxt`, else those whose lines are of this kind."""
    own = [rel for rel in tree.ending(".txt") if in_own_folder(rel)]
    return own or [rel for rel in tree.ending(".txt") if is_dota(tree, rel)]


def in_own_folder(rel: str) -> bool:
    """Say whether a file lies below a folder `labelTxt`, `labelTxt-v1.5` or alike."""
    return any(key(basename(folder)).startswith(FOLDER) for folder in parents(rel))


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    return (rel for rel in tree.ending(".txt") if in_own_folder(rel) or is_dota(tree, rel))


def is_dota(tree: Tree, rel: str) -> bool:
    """Say whether a text begins with the headers of DOTA, or with a line of eight numbers and a name."""
    start = tree.content(rel, 1024).decode("utf-8-sig", errors="replace").splitlines()
    fields = next((line.split() for line in start if line.strip()), [])
    if fields and fields[0].partition(":")[0] in HEADERS and ":" in fields[0]:
        return True
    return len(fields) >= 9 and all(map(is_number, fields[:8])) and not is_number(fields[8])


def read_label(builder: AnnotationBuilder, entry: ImageBuilder) -> None:
    """Read the headers and objects of one image into its entry."""
    try:
        lines = builder.tree.text(entry.source).splitlines()
    except ZooError as error:
        builder.malformed(error)
        return
    for number, text in enumerate(lines, 1):
        name, colon, value = text.strip().partition(":")
        if colon and name in HEADERS and not entry.boxes:
            if value.strip() not in ("", "null", "None"):
                entry.about[name] = float(value) if name == "gsd" and is_number(value) else value.strip()
        elif text.strip():
            read_object(builder, entry, text.split(), number)


def read_object(builder: AnnotationBuilder, entry: ImageBuilder, fields: list[str], number: int) -> None:
    """Read one line: eight numbers, a class (of one word or more), and 0, 1 or 2 for how difficult it is, or nothing."""
    where = f"{entry.source}, line {number}"
    if len(fields) < 9:
        what = f"{len(fields)} columns, not 9 or 10: x1 y1 x2 y2 x3 y3 x4 y4 class difficult"
        builder.problem("malformed", where, what)
        return
    marked = len(fields) > 9 and fields[-1] in ("0", "1", "2")
    label = " ".join(fields[8:-1] if marked else fields[8:])
    if builder.add_polygon(entry, dict(zip(CORNERS, fields, strict=False)), label, (where, number)):
        entry.describe(marked and fields[-1] != "0", {})
