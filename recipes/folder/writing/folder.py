"""Writing a whole data set: beside its place, read back and compared there, and only then put in its place."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from posixpath import splitext
from typing import Protocol

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.formats.format import Format, Placed, four_corners
from recipes.folder.shapes import alike
from recipes.folder.tree import Tree, key, split_of
from recipes.imagery.images import RASTERS, open_raster
from zoo.errors import ZooError
from zoo.files import atomic_folder

IMAGE_FOLDERS = ("images", "jpegimages")
#: What is read back must be this near to what was written, pixels: twice what an axis-aligned outline may be off.
NEAR = 2e-3
IMAGES = ("link", "copy", "none")


class Layout(Protocol):
    """Where a format has its images: see `Format`."""

    @property
    def place(self) -> Callable[[str, str | None], str]:
        """Where an image lies, by its bare name and split."""

    @property
    def stems(self) -> bool:
        """Whether an image has a label of its own, called by its stem."""


def write_folder(
    annotations: Annotations, target: Format, out: Path, images: str = "link", track: Callable = iter
) -> None:
    """Write images and annotations to the new folder `out`: all of it, or nothing.

    What was written is read back and compared before it is put in its place; see `write_images`.
    """

    def fill(placed: Sequence[Placed], part: Path) -> None:
        target.write(placed, annotations.classes, part)
        compare(annotations, placed, target, part)

    write_images(annotations.images, target, out, fill, images, track)


def write_images(
    those: Sequence[ImageAnnotation],
    target: Layout,
    out: Path,
    fill: Callable[[Sequence[Placed], Path], None],
    images: str = "link",
    track: Callable = iter,
) -> None:
    """Put images where a format has them in the new folder `out`, and let `fill` write what is said of them: all, or nothing.

    `images` are linked, copied, or left where they are ("none"). `track` wraps the images, for a bar. Raises ZooError when
    `out` is there, or cannot be written.
    """
    if images not in IMAGES:
        raise ZooError(f"images={images!r} is not known; it is one of {', '.join(IMAGES)}")
    if out.exists() or out.is_symlink():
        raise ZooError(f"out={out} is there already and is not overwritten; name a new folder")
    try:
        with atomic_folder(out) as part:
            placed = places(those, target)
            for one in track(placed):
                bring(one, part, "link" if images == "none" else images)
            fill(placed, part)
            if images == "none":
                for one in placed:
                    remove(part, one.rel)
    except OSError as error:
        raise ZooError(f"out={out} cannot be written: {error.strerror} ({error.filename}); choose another") from error


def places(images: Sequence[ImageAnnotation], target: Layout) -> list[Placed]:
    """Return where each image goes: its name without the folders that only say `images` or the split, where that is clear."""
    names = [bare(image, whole=False) for image in images]
    rels = [target.place(name, image.split) for name, image in zip(names, images, strict=True)]
    if clashes(rels, target):
        rels = [target.place(bare(image, whole=True), image.split) for image in images]
    for those in clashes(rels, target):
        name, other = (images[index].name for index in those[:2])
        way_out = "would have one label" if target.stems else "would have one name"
        raise ZooError(f"images {name!r} and {other!r} {way_out} in this format; rename one of them")
    return [Placed(image, rel) for image, rel in zip(images, rels, strict=True)]


def bare(image: ImageAnnotation, whole: bool) -> str:
    """Return the name of an image without folders called `images`, and without those called as its split unless `whole`."""
    *folders, name = image.name.split("/")
    kept = [folder for folder in folders if key(folder) not in IMAGE_FOLDERS]
    if not whole and image.split:
        kept = [folder for folder in kept if split_of(folder) != image.split]
    return "/".join([*kept, name])


def clashes(rels: Sequence[str], target: Layout) -> list[list[int]]:
    """Return the indices of images that would lie, or have their labels, in one place."""
    by_place: dict[str, list[int]] = defaultdict(list)
    for index, rel in enumerate(rels):
        by_place[key(splitext(rel)[0] if target.stems else rel)].append(index)
    return [those for those in by_place.values() if len(those) > 1]


def bring(placed: Placed, root: Path, how: str) -> None:
    """Link or copy an image, with the files that belong to it (a world file, an .aux.xml)."""
    for source, rel in belonging(placed):
        goal = root / rel
        goal.parent.mkdir(parents=True, exist_ok=True)
        if how == "copy":
            shutil.copy2(source, goal)
        else:
            goal.symlink_to(source.resolve())


def belonging(placed: Placed) -> Iterable[tuple[Path, str]]:
    """Yield the files of an image and where they go."""
    path = placed.image.path
    yield path, placed.rel
    if path.suffix.lower() in (RASTERS - {".vrt"}):
        with open_raster(path) as raster:
            beside = [Path(name) for name in raster.files]
        for other in beside:
            if other.name != path.name and other.parent == path.parent:
                stem = splitext(placed.rel)[0] if not other.name.startswith(path.name) else placed.rel
                yield other, stem + other.name.removeprefix(path.name if stem == placed.rel else path.stem)


def remove(root: Path, rel: str) -> None:
    """Remove a link to an image, with its side files, and the folders that are left empty."""
    place = root / rel
    for path in place.parent.glob("*"):
        if path.is_symlink():
            path.unlink()
    for folder in place.parents:
        if folder == root or not folder.is_dir() or any(folder.iterdir()):
            break
        folder.rmdir()


def compare(annotations: Annotations, placed: Sequence[Placed], target: Format, root: Path) -> None:
    """Read what was written and hold it against what it was made of; ZooError names the first difference."""
    found = target.read(Tree(root))
    if found.problems:
        raise ZooError(f"what would be written cannot be read again ({found.problems[0]}); nothing was written")
    again = {image.name: image for image in found.images}
    wrong = [
        f"{one.image.name}: {what}" for one in placed if (what := difference(one.image, again.get(one.rel), target))
    ]
    if len(again) != len(placed):
        wrong.append(f"{len(placed)} images became {len(again)}")
    if found.classes != annotations.classes:
        wrong.append(f"classes {list(annotations.classes)} became {list(found.classes)}")
    if wrong:
        raise ZooError(f"this format would not give the same again ({wrong[0]}); nothing was written")


def difference(one: ImageAnnotation, other: ImageAnnotation | None, target: Format) -> str:
    """Return in what an image that was read back differs, "" for nothing."""
    if other is None:
        return "it is not found again"
    pairs: dict[str, tuple[object, object]] = {
        "split": (one.split, other.split),
        "group": (one.group, other.group),
        "classes": (one.labels, other.labels),
        "difficult": (sorted(one.difficult), sorted(other.difficult)),
        "attributes": (as_texts(one), as_texts(other)),
    }
    for what, (before, after) in pairs.items():
        if before != after:
            return f"{what} {before!r} became {after!r}"
    same = alike(four_corners(one), four_corners(other), NEAR)
    for index in {index for image in (one, other) for index, shape in image.shapes.items() if len(shape) != 4}:
        drawn, again = (image.shapes.get(index, np.zeros((0, 2))) for image in (one, other))
        same[index] = drawn.shape == again.shape and alike(drawn[None], again[None], NEAR)[0]
    return "" if same.all() else f"object {same.argmin() + 1} moved"


def as_texts(image: ImageAnnotation) -> dict[int, dict[str, str]]:
    """Return the attributes as texts, which is what XML and CSV know."""
    return {index: {name: str(value) for name, value in those.items()} for index, those in image.attributes.items()}
