"""From a folder of the user's images to scenes by split."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation, where
from recipes.folder.bands import align_bands, band_names
from recipes.folder.boxes.geometry import apply_geometry, choose_geometry, geometry_problems, rotated_boxes
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.unseen import drop_unseen
from recipes.folder.boxes.validity import box_problems, clip_boxes, few_flat
from recipes.folder.copies import Assigned, copies_of, copy_notes
from recipes.folder.floats import refuse_strange_floats
from recipes.folder.formats.reading import read_annotations
from recipes.folder.formats.table import FORMATS
from recipes.folder.image_notes import image_notes
from recipes.folder.pixels import blank_notes
from recipes.folder.problems import Problem, refuse, settled_kinds, some, summary
from recipes.folder.regions import cut
from recipes.folder.split import assign
from recipes.folder.tree import Tree
from recipes.folder.value_range import read_range
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from recipes.kit.split import SPLITS, Split, note_untested, refuse_twins
from zoo.errors import ZooError, agreeing, counted


def read_folder(root: Path, options: FolderOptions | None = None, values: Values | None = None) -> Split[Scene]:
    """Read annotated images below `root` as train, val and test; everything wrong with them is a ZooError."""
    options = options or FolderOptions()
    return as_split(read_annotations(Tree(root), options.format), options, values)


def as_split(annotations: Annotations, options: FolderOptions, values: Values | None = None) -> Split[Scene]:
    """Judge, correct and split what was read, as the options say."""
    annotations = drop_crowds(annotations, options.crowds)
    refuse(all_problems(annotations, options.geometry), passed_kinds(annotations, options))
    rotated = choose_geometry(annotations.images, options.geometry) == "rotated_box"
    for step in STEPS:
        annotations = step(annotations, options)
    refuse_no_objects(annotations)
    images = annotations.images
    refuse_twins(sorted({label for image in images for label in image.labels}), f"data.root={annotations.root}")
    bands = band_names(images, options.bands, options.band_names)
    copies = copies_of(images)
    assigned, split_notes = assign(images, options, copies=copies)
    scenes, region_notes = as_scenes(assigned, annotations.classes, rotated)
    scenes, band_notes = align_bands(scenes, bands, options.bands, options.band_names)
    scenes, classes, class_notes = drop_unseen(scenes, annotations.classes, options.unseen)
    refuse_strange_floats(images, values or Values())
    value_range, range_notes = read_range(images, values or Values())
    seen = [*image_notes(images), *range_notes, *blank_notes(images), *copy_notes(assigned, copies)]
    notes = [*annotations.notes, *seen, *split_notes, *region_notes, *band_notes, *class_notes]
    return Split(
        scenes,
        classes,
        bands,
        (*notes, *empty_notes(scenes, classes)),
        options.licence,
        options.resolution,
        value_range,
    )


def all_problems(annotations: Annotations, geometry: str = "auto") -> list[Problem]:
    """Return what the reader found, invalid boxes and shapes, and images without objects."""
    bare = [Problem("negative", image.name, "") for image in annotations.images if len(image.boxes) == 0]
    return [*annotations.problems, *geometry_problems(annotations, geometry), *box_problems(annotations), *bare]


def passed_kinds(annotations: Annotations, options: FolderOptions) -> set[str]:
    """Return the kinds of problems that the options say how to solve, or that are too few to stop at."""
    choices = {
        "orphan": options.orphans,
        "geometry": options.invalid,
        "box": options.invalid,
        "flat": options.invalid,
        "negative": options.negatives,
        "size": options.sizes,
    }
    few = {"flat"} if few_flat(annotations.images) else set()
    return few | settled_kinds(choices)


def drop_crowds(annotations: Annotations, crowds: str = "drop") -> Annotations:
    """Leave out, or keep, what stands for a crowd or is to be ignored, with a note on it."""
    names = [where(annotations, image, index) for image in annotations.images for index in sorted(image.crowds)]
    if not names:
        return annotations
    kept = "kept as [an object|objects]" if crowds == "keep" else "dropped"
    way_out = "" if crowds == "keep" else "; data.crowds=keep keeps them"
    said = agreeing(
        len(names), f"[annotation stands|annotations stand] for a crowd or an ignored region and [was|were] {kept}"
    )
    noted = annotations.with_notes(f"{said} ({some(names)}){way_out}")
    if crowds == "keep":
        return noted
    images = [image.only(~np.isin(np.arange(len(image.boxes)), list(image.crowds))) for image in annotations.images]
    return replace(noted, images=tuple(images))


def note_problems(annotations: Annotations, options: FolderOptions) -> Annotations:
    """Note what the reader found and the options pass: annotations without an image, and sizes of the file."""
    done = {"orphan": "they were left out", "size": "coordinates are taken in pixels of the image"}
    those = {kind: [problem for problem in annotations.problems if problem.kind == kind] for kind in done}
    return annotations.with_notes(*(f"{summary(kind, found)}; {done[kind]}" for kind, found in those.items() if found))


def drop_negatives(annotations: Annotations, options: FolderOptions) -> Annotations:
    """Leave images without an object out when asked, else note that they are used."""
    bare = [image.name for image in annotations.images if len(image.boxes) == 0]
    if not bare:
        return annotations
    if options.negatives != "drop":
        return annotations.with_notes(f"{summary('negative', bare)}; they are used as background")
    kept = tuple(image for image in annotations.images if len(image.boxes))
    return replace(annotations, images=kept).with_notes(f"{summary('negative', bare)}; they were left out")


#: What is done with annotations, in this order: each step takes them and the options, and adds its notes.
STEPS = (note_problems, apply_geometry, clip_boxes, drop_negatives)


def refuse_no_objects(annotations: Annotations) -> None:
    """Refuse annotations in which no object is left."""
    if any(len(image.boxes) for image in annotations.images):
        return
    files = sorted({image.source for image in annotations.images if image.source})
    crowds = "".join(f"; {note}" for note in annotations.notes if "data.crowds=keep" in note)
    usable = f"data.root={annotations.root} has {counted(len(annotations.images), 'image')} to use"
    if files:
        raise ZooError(
            f"{usable}, and no object in {counted(len(files), 'file')} of annotations ({some(files)}); add objects, or say "
            f"data.format=… for another format{crowds}"
        )
    raise ZooError(f"{usable} and no object there; looked for {FORMATS[annotations.format].looked_for}")


def as_scenes(
    assigned: Assigned, classes: Sequence[str], rotated: bool = False
) -> tuple[dict[str, list[Scene]], list[str]]:
    """Return scenes by split, with class numbers; images of several splits are cut in regions."""
    numbers = {name: number for number, name in enumerate(classes)}
    scenes: dict[str, list[Scene]] = {split: [] for split in SPLITS}
    notes = []
    for splits, images in assigned.items():
        whole = [as_scene(image, numbers, rotated) for image in images]
        parts, told = cut(whole, splits) if len(splits) > 1 else ({splits[0]: whole}, [])
        notes += told
        for split, those in parts.items():
            scenes[split] += those
    return scenes, notes


def as_scene(image: ImageAnnotation, numbers: Mapping[str, int], rotated: bool = False) -> Scene:
    """Return the whole image as a scene, with boxes (N, 4) or rotated boxes (N, 5)."""
    if image.facts is None:
        raise ZooError(f"image {image.name} cannot be read; replace it, or remove it and its annotation")
    labels = np.array([numbers[label] for label in image.labels], np.int64)
    window = (0, 0, image.facts.width, image.facts.height)
    boxes = (rotated_boxes(image) if rotated else image.boxes).astype(np.float32)
    difficult = np.isin(np.arange(len(boxes)), list(image.difficult)) if image.difficult else None
    return Scene(image.name, image.path, window, boxes, labels, group=image.group or "", difficult=difficult)


def empty_notes(scenes: Mapping[str, Sequence[Scene]], classes: Sequence[str]) -> list[str]:
    """Return a note for every split without objects, and for the classes that another lacks: its figures mean nothing there."""
    bare = [split for split, those in scenes.items() if not any(len(scene.boxes) for scene in those)]
    others = {split: those for split, those in scenes.items() if split not in bare or split == "train"}
    untested = note_untested(others, classes, lambda scene: scene.labels.tolist())
    return [*(f"{split} holds no object, so it measures nothing" for split in bare), *untested]
