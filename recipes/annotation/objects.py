"""Boxes, rotated boxes and outlines on images, in any format of annotated folders; what is written is read back first."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import shapely

from recipes.annotation.annotator import Annotator, Marked, Outcome, Truth
from recipes.annotation.bands import bands_of
from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.boxes.scenes import as_scene
from recipes.folder.formats.labelstudio import MODEL, PREDICTED
from recipes.folder.formats.reading import format_named, read_annotations
from recipes.folder.formats.table import FORMATS, LABEL_STUDIO
from recipes.folder.problems import refuse
from recipes.folder.tree import Tree
from recipes.folder.writing.folder import write_folder
from recipes.folder.writing.loss import SENTENCES, losses, reduced
from recipes.imagery.images import facts
from recipes.imagery.scene import Scene
from recipes.kit.module import DataModule
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners
from zoo.inference.answers import Answer, Detections

#: Objects that share so much of their area are the same one.
SAME = 0.5
#: Objects whose doubt is looked at: those that are doubted most.
MOST = 5
Thing = Mapping[str, Any]


class Objects(Annotator):
    """Objects on an image, each with its class."""

    formats = (
        "coco",
        "cvat",
        "labelstudio",
        *(name for name in FORMATS if name not in ("coco", "cvat", "labelstudio")),
    )
    agreed = 0.999
    nothing: ClassVar[Truth | None] = {"objects": []}

    def truth(self, answer: Answer) -> Truth:
        """Return the objects of an answer, with their scores."""
        if not isinstance(answer, Detections):
            raise ZooError(f"an answer of the kind {type(answer).__name__} holds no objects, and cannot be marked")
        rotated = answer.boxes.shape[1] == 5
        places = corners(answer.boxes.astype(np.float64)) if rotated else answer.boxes.astype(np.float64)
        key = "points" if rotated else "box"
        rows = zip(answer.labels, places, answer.scores, strict=True)
        return {"objects": [{"label": label, key: one.tolist(), "score": float(score)} for label, one, score in rows]}

    def uncertainty(self, answer: Answer) -> float:
        """Return the mean entropy of the scores that say least, 0 without an object."""
        scores = np.clip([one["score"] for one in self.truth(answer)["objects"]], 1e-6, 1 - 1e-6)
        entropy = -(scores * np.log2(scores) + (1 - scores) * np.log2(1 - scores))
        return float(np.sort(entropy)[-MOST:].mean()) if len(scores) else 0.0

    def names(self, truth: Truth) -> list[str]:
        """Return the class of each object."""
        return [one["label"] for one in truth["objects"]]

    def agreement(self, one: Truth, other: Truth) -> float:
        """Return the F1 of one against the other, 1 where neither has an object."""
        count = len(one["objects"]) + len(other["objects"])
        return 2 * len(matched(one["objects"], other["objects"])) / count if count else 1.0

    def outcomes(self, said: Truth, truth: Truth) -> tuple[list[Outcome], list[str]]:
        """Return each object that was said, right where it shares `SAME` with a true one of its class; and what was missed."""
        objects, true = said["objects"], truth["objects"]
        pairs = dict(matched(objects, true))
        found = [Outcome(one["label"], float(one.get("score", 1.0)), i in pairs) for i, one in enumerate(objects)]
        return found, [one["label"] for i, one in enumerate(true) if i not in pairs.values()]

    def mirrored(self, truth: Truth, width: int) -> Truth:
        """Return the objects where they are in the mirror image."""
        return {"objects": [{**one, **mirror(one, width)} for one in truth["objects"]]}

    def sample(self, data: DataModule[Any], path: Path, truth: Truth, task: Mapping[str, Any]) -> Scene:
        """Return an image with its objects as a scene; outlines become boxes, or rotated ones where the data has such."""
        image = image_of(Marked(path, truth))
        rotated = task.get("geometry") == "rotated_box"
        scene = as_scene(image, {name: number for number, name in enumerate(data.classes)}, rotated)
        return replace(scene, name=f"labels/{path.name}", bands=bands_of(data, path))

    def write(self, marked: Sequence[Marked], classes: Sequence[str], format: str, out: Path) -> None:
        """Write images and objects, their scores as attributes where the format has such; what was said is a prediction."""
        target = FORMATS[self.known_format(format)]
        images = tuple(image_of(one) for one in sorted(marked, key=lambda one: one.path.name))
        names = tuple(dict.fromkeys([*classes, *(label for image in images for label in image.labels)]))
        annotations = Annotations(Tree(marked[0].path.parent), images, names)
        lost = {kind: places for kind, places in losses(annotations, target).items() if kind != "attributes"}
        if lost:
            said = "; ".join(f"{SENTENCES[kind]}: {len(places)}" for kind, places in lost.items())
            raise ZooError(f"--format {format} cannot carry all of it ({said}); coco can")
        write_folder(reduced(annotations, target), target, out, "copy")

    def read(self, folder: Path, format: str | None, classes: Sequence[str]) -> dict[str, Truth]:
        """Return the objects of each image; what Label Studio holds a prediction of, and no annotation, is left out."""
        if format is not None:
            format_named(format, "--format ")
        found = read_annotations(Tree(folder), format)
        refuse(list(found.problems), set())
        tells = (
            found.format == LABEL_STUDIO.name
        )  # whether a person looked; in others all that is listed counts as looked at
        return {
            Path(image.name).name: truth_of(image)
            for image in found.images
            if not (tells and image.about.get(PREDICTED))
        }


def mirror(one: Thing, width: int) -> dict[str, Any]:
    """Return the place of an object in the mirror image."""
    if "box" in one:
        x1, y1, x2, y2 = one["box"]
        return {"box": [width - x2, y1, width - x1, y2]}
    return {"points": [[width - x, y] for x, y in one["points"]]}


def image_of(one: Marked) -> ImageAnnotation:
    """Return a marked image as annotated folders have it."""
    outlines = [outline(thing) for thing in one.truth["objects"]]
    boxes = [[*points.min(axis=0), *points.max(axis=0)] for points in outlines]
    things = list(enumerate(one.truth["objects"]))
    version = {MODEL: one.version} if one.version else {}
    return ImageAnnotation(
        one.path.name,
        one.path,
        facts(one.path),
        np.array(boxes, np.float64).reshape(-1, 4),
        tuple(thing["label"] for _, thing in things),
        shapes={i: outlines[i] for i, thing in things if "points" in thing},
        attributes={i: {"score": round(thing["score"], 4)} for i, thing in things if "score" in thing},
        about={**version, **({PREDICTED: 1} if one.version else {})},
    )


def truth_of(image: ImageAnnotation) -> Truth:
    """Return the objects of an annotated image; scores that stayed there are a model's, and go."""
    if image.regions:
        raise ZooError(
            f"{image.name} has {len(image.regions)} objects of several parts or with holes; draw one outline around each"
        )
    return {
        "objects": [
            {"label": label, "points": np.asarray(image.shapes[i]).tolist()}
            if i in image.shapes
            else {"label": label, "box": image.boxes[i].tolist()}
            for i, label in enumerate(image.labels)
        ]
    }


def outline(one: Thing) -> np.ndarray:
    """Return the points (M, 2) around an object, pixels."""
    if "points" in one:
        return np.asarray(one["points"], np.float64)
    x1, y1, x2, y2 = one["box"]
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def matched(said: Sequence[Thing], true: Sequence[Thing]) -> list[tuple[int, int]]:
    """Return pairs of objects of one class that share `SAME` of their area, the best scored first, each once."""
    shapes = [[shapely.make_valid(shapely.Polygon(outline(one))) for one in those] for those in (said, true)]
    order = sorted(range(len(said)), key=lambda i: -float(said[i].get("score", 1.0)))
    left, pairs = set(range(len(true))), []
    for i in order:
        shares = {j: overlap(shapes[0][i], shapes[1][j]) for j in left if true[j]["label"] == said[i]["label"]}
        best = max(shares, key=lambda j: shares[j], default=-1)
        if best >= 0 and shares[best] >= SAME:
            pairs.append((i, best))
            left.discard(best)
    return pairs


def overlap(one: Any, other: Any) -> float:
    """Return intersection over union of two polygons."""
    whole = one.union(other).area
    return float(one.intersection(other).area / whole) if whole > 0 else 0.0


def read_file(path: Path, images: Path, format: str | None, classes: Sequence[str]) -> dict[str, Truth]:
    """Read one file of annotations that a tool exported without its images, which lie in `images`."""
    with tempfile.TemporaryDirectory(prefix="zoo_labels_") as folder:
        (Path(folder) / "images").symlink_to(images.resolve())
        (Path(folder) / path.name).symlink_to(path.resolve())
        return Objects().read(Path(folder), format, classes)
