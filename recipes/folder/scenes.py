"""From a folder of the user's images to scenes by split."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.bands import aligned, band_names, kinds_note
from recipes.folder.boxes import SLACK, box_problems, mend
from recipes.folder.formats import LOOKED_FOR, read_annotations
from recipes.folder.geometry import chosen, geometry_problems, rotated_boxes, settled
from recipes.folder.options import FolderOptions
from recipes.folder.problems import Problem, refuse, some, summary
from recipes.folder.regions import cut
from recipes.folder.split import Assigned, assign
from recipes.folder.unseen import settle_unseen
from recipes.imagery.scene import Scene
from recipes.kit.split import SPLITS, Split
from zoo.errors import ZooError, agreeing, counted


def read_folder(root: Path, options: FolderOptions | None = None) -> Split[Scene]:
    """Read annotated images below `root` as train, val and test; everything wrong with them is a ZooError."""
    options = options or FolderOptions()
    return as_split(read_annotations(root, options.format), options)


def as_split(annotations: Annotations, options: FolderOptions) -> Split[Scene]:
    """Judge, mend and split what was read, as the options say."""
    problems = all_problems(annotations, options.geometry)
    refuse(problems, passed(options))
    images, notes = settle(annotations.images, problems, options) if annotations.images else ([], [])
    if not any(len(image.boxes) for image in images):
        files = sorted({image.source for image in annotations.images if image.source})
        if files:
            raise ZooError(
                f"data.root={annotations.root} has {counted(len(images), 'image')} to use, and no object in "
                f"{counted(len(files), 'file')} of annotations ({some(files)}); add objects, or say "
                "data.format=… for another format"
            )
        looked = LOOKED_FOR[options.format] if options.format else ", ".join(LOOKED_FOR.values())
        raise ZooError(
            f"data.root={annotations.root} has {counted(len(images), 'image')} to use and no object there; looked for {looked}"
        )
    bands = band_names(images, options.bands, options.band_names)
    assigned, split_notes = assign(images, options)
    rotated = chosen(annotations.images, options.geometry) == "rotated_box"
    scenes, region_notes = as_scenes(assigned, annotations.classes, rotated)
    scenes, band_notes = aligned(scenes, bands, options.bands, options.band_names)
    scenes, classes, class_notes = settle_unseen(scenes, annotations.classes, options.unseen)
    notes = [*annotations.notes, *notes, *kinds_note(images), *split_notes, *region_notes, *band_notes, *class_notes]
    return Split(scenes, classes, bands, (*notes, *empty_notes(scenes)), options.licence, options.resolution)


def all_problems(annotations: Annotations, geometry: str = "auto") -> list[Problem]:
    """Return what the reader found, invalid boxes and shapes, and images without objects."""
    bare = [Problem("negative", image.name, "") for image in annotations.images if len(image.boxes) == 0]
    return [*annotations.problems, *geometry_problems(annotations, geometry), *box_problems(annotations), *bare]


def passed(options: FolderOptions) -> set[str]:
    """Return the kinds of problems that the options say how to settle."""
    choices = {
        "orphan": options.orphans,
        "geometry": options.invalid,
        "box": options.invalid,
        "negative": options.negatives,
    }
    return {kind for kind, choice in choices.items() if choice != "error"}


def settle(
    images: Sequence[ImageAnnotation], problems: Sequence[Problem], options: FolderOptions
) -> tuple[list[ImageAnnotation], list[str]]:
    """Clip or drop boxes and images as the options say; the notes count what was done."""
    kinds = ("orphan", "geometry", "box", "negative")
    those = {kind: [problem for problem in problems if problem.kind == kind] for kind in kinds}
    shaped, shape_notes = settled(images, options.geometry)
    mended = mend(shaped, options.invalid)
    images = mended.images
    done = {
        "orphan": "they were left out",
        "geometry": "they were left out",
        "box": f"{mended.clipped} were cut to the image and {mended.dropped} dropped",
        "negative": "they are used as background",
    }
    if options.negatives == "drop":
        names = {problem.where for problem in those["negative"]}
        images, done["negative"] = [image for image in images if image.name not in names], "they were left out"
    notes = [f"{summary(kind, found)}; {done[kind]}" for kind, found in those.items() if found] + shape_notes
    if mended.trimmed:
        said = f"[box|boxes] reached up to {SLACK:g} pixels over the edge and [was|were] cut to the image"
        notes.append(agreeing(mended.trimmed, said))
    return images, notes


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


def empty_notes(scenes: Mapping[str, Sequence[Scene]]) -> list[str]:
    """Return a note for every split without objects: its figures mean nothing."""
    bare = [split for split, those in scenes.items() if not any(len(scene.boxes) for scene in those)]
    return [f"{split} holds no object, so it measures nothing" for split in bare]
