"""From a folder of the user's labelled images to scenes by split."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.bands import align_bands, band_names
from recipes.folder.copies import copies_of, copy_notes, settle_copies
from recipes.folder.floats import refuse_strange_floats
from recipes.folder.formats.reading import find_evidence
from recipes.folder.heads import head_of
from recipes.folder.image_notes import image_notes
from recipes.folder.keypoints.reading import holds_keypoints
from recipes.folder.labels import class_folders, tables
from recipes.folder.labels.found import Found
from recipes.folder.labels.options import LabelOptions
from recipes.folder.mask_pairs import masks_of
from recipes.folder.pixels import blank_notes
from recipes.folder.problems import Problem, refuse, settled_kinds, some, told
from recipes.folder.split import assign, drawn_note, groups_of, refuse_leaks
from recipes.folder.tree import Tree
from recipes.folder.value_range import read_range
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from recipes.kit.split import SPLITS, Split, draw, twins
from zoo.errors import ZooError, agreeing, near

#: Signs that people put between several labels.
JOINING = ("|", ";", ",", "/")
#: What becomes of problems that the options pass.
DONE = dict.fromkeys(("orphan", "unlabelled", "folder", "image", "pixel"), "they were left out")


def read_labels(root: Path, options: LabelOptions, values: Values, objective: str) -> Split[Scene]:
    """Read labelled images below `root` as train, val and test; everything wrong with them is a ZooError."""
    tree = Tree(root)
    found = find(tree, options, objective)
    images, broken = readable(tree, found)
    problems = [*found.problems, *broken, *named_wrongly(found, options), *joined(found, options)]
    problems += too_many(found, objective)
    refuse(problems, passed(options))
    if not images:
        raise ZooError(
            f"data.root={root} has no labelled image; put images into a folder for each class, or give a table"
        )
    notes = [*found.notes, *told(problems, DONE)]
    refuse_strange_floats(images, values)
    value_range, range_notes = read_range(images, values)
    bands = band_names(images, options.bands, options.band_names)
    copies = copies_of(images)
    refuse(list(contradictions(images, copies, objective)), passed(options))
    assigned, split_notes = divided(images, options, copies)
    classes = classes_of(tree, found, options)
    kept, unseen_notes = settle_unseen(assigned, classes, options.unseen)
    classes = classes_shown(classes, kept)
    scenes, band_notes = align_bands(as_scenes(kept, classes), bands, options.bands, options.band_names)
    notes += [
        *range_notes,
        *image_notes(images),
        *split_notes,
        *unseen_notes,
        *band_notes,
        *blank_notes(images),
        *copy_notes({(part,): those for part, those in assigned.items()}, copies),
    ]
    return Split(scenes, classes, bands, tuple(notes), options.licence, options.resolution, value_range)


def find(tree: Tree, options: LabelOptions, objective: str) -> Found:
    """Return the images with their labels: of tables that name them, else of folders."""
    named = tables.tables_of(tree, options)
    return tables.read(tree, named, options, objective == "multi_label") if named else class_folders.read(tree)


def holds_labels(root: Path) -> bool:
    """Say whether a folder holds labelled images, and neither masks nor annotations of objects or keypoints."""
    tree = Tree(root)
    if not tree.images or holds_keypoints(root) or find_evidence(tree) or masks_of(tree, None):
        return False
    return bool(tables.tables_of(tree, LabelOptions())) or class_folders.holds_classes(tree)


def readable(tree: Tree, found: Found) -> tuple[list[ImageAnnotation], list[Problem]]:
    """Return the images whose heads can be read, as the splitting of folders knows them, and what is wrong with others."""
    images, problems = [], []
    for rel, one in sorted(found.images.items()):
        seen = head_of(tree, rel)
        if isinstance(seen, Problem):
            problems.append(seen)
            continue
        nothing = np.zeros((0, 4))
        images.append(
            ImageAnnotation(rel, tree.path(rel), seen, nothing, one.labels, one.where, split=one.split, group=one.group)
        )
    return images, problems


def named_wrongly(found: Found, options: LabelOptions) -> Iterator[Problem]:
    """Yield classes that are named alike but for their case, and labels that are none of the classes that were given."""
    for pair in twins(found.names()):
        yield Problem("twin", pair, "")
    known = options.classes
    for one in found.images.values() if known is not None else ():
        for label in one.labels:
            if label not in known:  # type: ignore[operator]
                yield Problem("class", one.where, f"{label!r}{near(label, known or ())}")


def joined(found: Found, options: LabelOptions) -> Iterator[Problem]:
    """Yield labels that are others of the folder with a sign between, and none of the classes that were given."""
    every = set(found.names())
    wrong = {name: sign for name in every - set(options.classes or ()) for sign in JOINING if joins(name, sign, every)}
    for one in found.images.values():
        for label in one.labels:
            if label in wrong:
                yield Problem("joined", one.where, f"{label!r}, where {wrong[label]!r} stands between")


def joins(name: str, sign: str, names: set[str]) -> bool:
    """Say whether a name is several of the others with a sign between."""
    parts = [part.strip() for part in name.split(sign)]
    return len(parts) > 1 and set(parts) <= names


def too_many(found: Found, objective: str) -> Iterator[Problem]:
    """Yield images with several labels where one is asked for, and images without any."""
    if objective == "multi_label":
        return
    for rel, one in found.images.items():
        if len(one.labels) > 1 and not any(problem.where == rel for problem in found.problems):
            yield Problem("several", rel, f"{', '.join(one.labels)} ({one.where})")
        elif not one.labels:
            yield Problem("unlabelled", rel, one.where)


def contradictions(images: Sequence[ImageAnnotation], copies: Mapping[str, str], objective: str) -> Iterator[Problem]:
    """Yield pictures that are there twice, called differently, where an image has one label."""
    labels = {image.name: image.labels for image in images}
    for name, original in copies.items() if objective != "multi_label" else ():
        if labels[name] != labels[original]:
            what = (
                f"{', '.join(labels[name])}, and {', '.join(labels[original])} as {original}, which is the same picture"
            )
            yield Problem("several", name, what)


def passed(options: LabelOptions) -> set[str]:
    """Return the kinds of problems that the options say how to settle."""
    return settled_kinds(
        {
            "orphan": options.orphans,
            "unlabelled": options.unlabelled,
            "folder": options.empty,
            "image": options.invalid,
            "pixel": options.invalid,
        }
    )


def divided(
    images: Sequence[ImageAnnotation], options: LabelOptions, copies: Mapping[str, str]
) -> tuple[dict[str, list[ImageAnnotation]], list[str]]:
    """Return the images of each split: as the data name them, else groups drawn so that every class is divided alike.

    Where nothing else says what belongs together, images that are copies of one another do.
    """
    if any(image.split for image in images):
        parts, notes = assign(images, options, copies=copies)
        if shared := next((splits for splits in parts if len(splits) > 1), None):
            raise ZooError(
                f"{len(parts[shared])} images are too few for {', '.join(shared)}; add images, or name the splits by folders"
            )
        return {splits[0]: those for splits, those in parts.items()}, notes
    groups = groups_of(images, options, copies)
    drawn = draw(images, options.ratios, options.split_seed, lambda i: groups[i.name], lambda i: i.labels[:1])
    alone: dict[tuple[str, ...], list[ImageAnnotation]] = {(part,): list(those) for part, those in drawn.items()}
    refuse_leaks(alone, groups)
    note = drawn_note(alone, len(set(groups.values())), len(images), options.split_seed)
    alone, leaks = settle_copies(alone, copies, options.leakage)
    return {splits[0]: those for splits, those in alone.items()}, [note, *leaks]


def classes_of(tree: Tree, found: Found, options: LabelOptions) -> tuple[str, ...]:
    """Return the classes in their order: as asked for, as `classes.txt` or the columns of a table have it, else by name."""
    names = found.names()
    known = list(options.classes or tree.listed_names() or found.classes)
    return tuple(known + [name for name in names if name not in known]) if known else tuple(names)


def classes_shown(classes: Sequence[str], parts: Mapping[str, Sequence[ImageAnnotation]]) -> tuple[str, ...]:
    """Return the classes that an image shows, in their order: what nothing shows cannot be told apart."""
    shown = {label for those in parts.values() for image in those for label in image.labels}
    return tuple(name for name in classes if name in shown)


def settle_unseen(
    parts: Mapping[str, Sequence[ImageAnnotation]], classes: Sequence[str], unseen: str
) -> tuple[dict[str, list[ImageAnnotation]], list[str]]:
    """Refuse classes that only val or test shows, or leave their images out."""
    shown = {part: {label for image in parts.get(part, ()) for label in image.labels} for part in SPLITS}
    strange = [name for name in classes if name in (shown["val"] | shown["test"]) - shown["train"]]
    if not strange:
        return {part: list(those) for part, those in parts.items()}, []
    if unseen == "error":
        raise ZooError(
            f"only val or test shows {', '.join(map(repr, strange))}; move such images to train, or set data.unseen=ignore to"
            " leave them out"
        )
    kept = {part: [image for image in those if not set(image.labels) & set(strange)] for part, those in parts.items()}
    dropped = [image.name for those in parts.values() for image in those if set(image.labels) & set(strange)]
    said = "[image shows|images show] a class that training does not, and [was|were] left out"
    return kept, [f"{agreeing(len(dropped), said)} ({some(dropped)})"]


def as_scenes(parts: Mapping[str, Sequence[ImageAnnotation]], classes: Sequence[str]) -> dict[str, list[Scene]]:
    """Return whole images as scenes whose labels are the numbers of their classes."""
    number = {name: place for place, name in enumerate(classes)}
    return {part: [scene_of(image, number) for image in those] for part, those in parts.items()}


def scene_of(image: ImageAnnotation, number: Mapping[str, int]) -> Scene:
    """Return an image as a scene."""
    labels = np.array(sorted(number[label] for label in image.labels), np.int64)
    size = (image.facts.width, image.facts.height) if image.facts else (0, 0)
    return replace(Scene(image.name, image.path, (0, 0, *size)), labels=labels, group=image.group or "")
