"""YOLO text: a line an object, `class cx cy width height`, as fractions of the image.

The format: https://docs.ultralytics.com/datasets/detect/. A line of a class and three points or more, x1 y1 x2 y2 …, is a
polygon (https://docs.ultralytics.com/datasets/segment/), of four points a rotated box (…/obb/). Splits come from
`data.yaml` (folders, lists of folders or text files of images), else from folders (`images/train` with `labels/train`,
`train/images` with `train/labels`). In a flat folder the labels lie beside the images, and the names of the classes in
`classes.txt`, `obj.names` or any `*.names`.
"""

from collections.abc import Iterator
from posixpath import basename, dirname

import numpy as np

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations
from recipes.folder.formats import dataset_yaml, dota
from recipes.folder.formats.dataset_yaml import DatasetYaml
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.numbers import is_number, whole
from recipes.folder.shapes import without_repeats
from recipes.folder.tree import Tree, join, key, parents, split_of_folder, suffix, without_suffix
from recipes.imagery.images import ImageFacts
from zoo.errors import ZooError

NAME_LISTS = ("classes.txt", "obj.names", "names.txt", "labels.txt", "_darknet.labels")


def read(tree: Tree) -> Annotations:
    """Read a folder of YOLO labels; classes in order of their numbers."""
    builder = AnnotationBuilder(tree, place="line")
    described = dataset_yaml.find(builder.tree)
    dataset = dataset_yaml.read(builder, described) if described else None
    names = dataset.names if dataset else listed_names(builder.tree)
    for image, split in (
        described_images(builder, dataset) if dataset and dataset.splits else folder_images(builder.tree)
    ):
        again = image in builder.entries
        label = label_file(builder.tree, image)
        entry = builder.entry(image, split, label or "")
        if label and not again:
            read_labels(builder, entry, builder.facts(image), names)
    note_left_out(builder)
    return builder.finish(name for _, name in sorted(names.items()))


def note_left_out(builder: AnnotationBuilder) -> None:
    """Note the images that were left out and the labels that go with no image."""
    unlisted = [image for image in pictures(builder.tree) if image not in builder.entries]
    builder.note("[image belongs|images belong] to no split of data.yaml and [was|were] left out", unlisted)
    for label in orphans(builder.tree):
        builder.problem("orphan", label, "no image of this name")


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format: a description with names, else labels that go with an image."""
    described = dataset_yaml.descriptions(tree)
    yield from described
    for image in pictures(tree) if not described else ():
        label = label_file(tree, image)
        if label is not None and (in_labels(label) or looks_like_labels(tree, label)) and not dota.is_dota(tree, label):
            yield label


def listed_names(tree: Tree) -> dict[int, str]:
    """Return the names in the list of classes, one a line."""
    lists = name_lists(tree)
    if not lists:
        raise ZooError(f"{tree.root} has YOLO labels and no names; add classes.txt (a name a line) or a data.yaml")
    if len(lists) > 1:
        contents = {tuple(tree.text(rel).split()) for rel in lists}
        if len(contents) > 1:
            raise ZooError(f"{tree.root} has several lists of names ({', '.join(lists[:4])}); keep the one to use")
    lines = [line.strip() for line in tree.text(lists[0]).splitlines()]
    return {number: name for number, name in enumerate(lines) if name}


def name_lists(tree: Tree) -> list[str]:
    """Return the files that list names of classes."""
    return [rel for rel in tree.files if key(basename(rel)) in NAME_LISTS or suffix(rel) == ".names"]


def described_images(builder: AnnotationBuilder, dataset: DatasetYaml) -> Iterator[tuple[str, str]]:
    """Yield the images that `data.yaml` names, with their split."""
    for split, entries in dataset.splits.items():
        for entry in entries:
            where = f"{dataset.rel}, {split}"
            if suffix(entry) == ".txt":
                yield from ((image, split) for image in from_list(builder, dataset, entry, where))
            else:
                yield from ((image, split) for image in from_folder(builder, dataset, entry, where))


def from_folder(builder: AnnotationBuilder, dataset: DatasetYaml, entry: str, where: str) -> list[str]:
    """Return the images below a folder; one that lies elsewhere is taken as the folder here that its path ends in.

    So Roboflow's `../train/images` is `train/images`, and so is `/content/datasets/pets-3/train/images`.
    """
    folder = join(dataset.base, entry)
    if folder is None or not builder.tree.has_folder(folder):
        meant = folder_meant(builder.tree, dataset.base, entry)
        if meant is not None:
            builder.notes.append(f"{where}: {entry} was read as {meant}, which is in data.root")
            folder = meant
    if folder is None and where.endswith(" train"):
        builder.problem("path", where, f"{entry!r}")
        return []
    start = None if folder is None else f"{key(folder)}/".lstrip("/")
    inside = [] if start is None else [image for image in builder.tree.images if key(image).startswith(start)]
    if not inside and where.endswith(" train"):
        builder.problem("malformed", where, f"no image in folder {entry!r}")
    elif not inside:
        builder.notes.append(
            f"{where}: there is no image in folder {entry!r}; what is missing of a split is made of train"
        )
    return inside


def folder_meant(tree: Tree, base: str, entry: str) -> str | None:
    """Return the folder below `base` with the longest end of a path that is there; None where none is."""
    parts = [part for part in entry.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    ends = (join(base, "/".join(parts[first:])) for first in range(len(parts)))
    return next((end for end in ends if end and tree.has_folder(end)), None)


def from_list(builder: AnnotationBuilder, dataset: DatasetYaml, entry: str, where: str) -> Iterator[str]:
    """Yield the images that a text file lists, one path a line."""
    place = join(dataset.base, entry)
    found = builder.tree.file(place) if place is not None else None
    if found is None:
        kind = "path" if place is None else "malformed"
        builder.problem(kind, where, f"{entry!r}" if place is None else f"no file {entry!r}")
        return
    for number, text in enumerate(builder.tree.text(found).splitlines(), 1):
        if text.strip():
            image = builder.locate(
                text.strip(), [dataset.base, dirname(found)], f"{found}, line {number}", dirname(found)
            )
            if image is not None:
                yield image


def folder_images(tree: Tree) -> list[tuple[str, str | None]]:
    """Return the images with the split that their folder tells."""
    return [(image, split_of_folder(image)) for image in pictures(tree)]


def pictures(tree: Tree) -> list[str]:
    """Return the images of the data: those in `images` folders where there are any, else all."""
    own = [rel for rel in tree.images if "images" in key(dirname(rel)).split("/")]
    return own or list(tree.images)


def label_file(tree: Tree, image: str) -> str | None:
    """Return the labels of an image: the last folder `images` replaced by `labels`, else beside it."""
    stem = without_suffix(image)
    return next(
        (found for place in (neighbour(stem, "images", "labels"), stem) if (found := tree.file(place + ".txt"))), None
    )


def neighbour(rel: str, folder: str, other: str) -> str:
    """Return `rel` with its last folder called `folder` renamed to `other`."""
    parts = rel.split("/")
    at = [index for index, part in enumerate(parts[:-1]) if key(part) == folder]
    return "/".join([*parts[: at[-1]], other, *parts[at[-1] + 1 :]]) if at else rel


def read_labels(
    builder: AnnotationBuilder, entry: ImageBuilder, facts: ImageFacts | None, names: dict[int, str]
) -> None:
    """Read the objects of one image into its entry."""
    try:
        lines = builder.tree.text(entry.source).splitlines()
    except ZooError as error:
        builder.malformed(error)
        return
    for number, text in enumerate(lines, 1):
        fields = text.split()
        where = f"{entry.source}, line {number}"
        if fields and facts is not None and (found := parsed(builder, fields, names, where)) is not None:
            label, fractions = found
            if len(fractions) == 4:
                x, y, w, h = (
                    part * side for part, side in zip(fractions, (facts.width, facts.height) * 2, strict=True)
                )
                entry.add((x - w / 2, y - h / 2, x + w / 2, y + h / 2), label, number)
            else:
                points = np.array(fractions).reshape(-1, 2) * (facts.width, facts.height)
                entry.add_shape(without_repeats(points), label, number)


def parsed(
    builder: AnnotationBuilder, fields: list[str], names: dict[int, str], where: str
) -> tuple[str, list[float]] | None:
    """Return label and fractions of one line; None once noted as a problem."""
    wrong = [field for field in fields if not is_number(field)]
    if wrong or len(fields) < 5:
        builder.problem("malformed", where, f"{wrong[0]!r} is no number" if wrong else f"{len(fields)} columns, not 5")
    elif len(fields) == 6 or len(fields) % 2 == 0:
        what = "; this is a prediction with its score" if len(fields) == 6 else ""
        builder.problem("geometry", where, f"{len(fields)} columns, not 5 for a box or 9 for a rotated one{what}")
    elif (number := whole(fields[0])) is None:
        builder.problem("class", where, f"class {fields[0][:20]!r} is no whole number")
    elif number not in names:
        builder.problem("class", where, f"class {number} of {len(names)} names")
    else:
        return names[number], [float(field) for field in fields[1:]]
    return None


def orphans(tree: Tree) -> list[str]:
    """Return the label files without an image: text files in `labels` folders, or with numbers in their first line."""
    stems = {key(without_suffix(image)) for image in tree.images}
    lists = set(name_lists(tree))
    found = []
    for rel in tree.ending(".txt"):
        stem = without_suffix(rel)
        has_image = key(stem) in stems or key(neighbour(stem, "labels", "images")) in stems
        if not has_image and rel not in lists and (in_labels(rel) or looks_like_labels(tree, rel)):
            found.append(rel)
    return found


def in_labels(rel: str) -> bool:
    """Say whether a file lies in a folder called `labels`."""
    return any(key(basename(folder)) == "labels" for folder in parents(rel))


def looks_like_labels(tree: Tree, rel: str) -> bool:
    """Say whether the first line of a text file is five numbers or more."""
    lines = tree.content(rel).decode("utf-8-sig", errors="replace").splitlines()
    fields = lines[0].split() if lines else []
    return len(fields) >= 5 and all(map(is_number, fields))
