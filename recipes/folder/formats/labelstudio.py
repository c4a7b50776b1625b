"""Label Studio: one JSON list of tasks, an image each, with rectangles and polygons in per cent of its sides.

The format: https://labelstud.io/guide/export and https://labelstud.io/guide/predictions. A rectangle is turned clockwise
about its upper left corner. What a person drew stands in `annotations`, of which the last that was not cancelled counts;
where there is none, `predictions` are read, and the image is marked `predicted`. Images whose objects all have a score are
written as predictions; other attributes are lines name=value of a region's notes. Brushes, ellipses, key points and choices
are no boxes and are left out with a note.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import basename, dirname
from posixpath import join as path_join
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations, ImageAnnotation, Value
from recipes.folder.formats.coco import is_coordinate, load
from recipes.folder.formats.format import Placed, save
from recipes.folder.formats.text_writer import list_classes
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.shapes import are_rectangles, without_repeats
from recipes.folder.tree import Tree, split_of_folder
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners

FILE = "tasks.json"
#: Kinds of regions, and the key of their labels.
RECTANGLE, POLYGON = "rectanglelabels", "polygonlabels"
SIDES = ("x", "y", "width", "height")
#: The names of the controls in the labelling interface that the kinds are drawn with.
CONTROLS = {RECTANGLE: "box", POLYGON: "polygon"}
PREDICTED, MODEL, SCORE = "predicted", "model", "score"


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    for rel in tree.ending(".json"):
        head = tree.head(rel).lstrip()
        if head.startswith(b"[") and b'"data"' in head and (b'"annotations"' in head or b'"predictions"' in head):
            yield rel


def read(tree: Tree) -> Annotations:
    """Read every file of tasks; images that none of them names are left out with a note."""
    builder, left_out = AnnotationBuilder(tree, place="region"), list[str]()
    for rel in evidence(tree):
        try:
            for number, task in enumerate(tasks_in(tree, rel), 1):
                left_out += read_task(builder, task, rel, f"{rel}, task {number}")
        except ZooError as error:
            builder.malformed(error)
    builder.note("[region is no box or polygon|regions are no boxes or polygons] and [was|were] left out", left_out)
    unlisted = [image for image in tree.images if image not in builder.entries]
    builder.note("[image is|images are] named in no task and [was|were] left out", unlisted)
    return builder.finish([*tree.listed_names(), *builder.names()])


def tasks_in(tree: Tree, rel: str) -> list[Any]:
    """Return the tasks of a file."""
    content = load(tree, rel)
    if not isinstance(content, list):
        raise ZooError(f"{rel}, line 1: a list of tasks is expected")
    return content


def read_task(builder: AnnotationBuilder, task: Any, rel: str, where: str) -> list[str]:
    """Read one task into the entry of its image; return the places of what is no box or polygon."""
    data = task.get("data") if isinstance(task, dict) else None
    name = next((str(value) for value in data.values() if isinstance(value, str)), "") if isinstance(data, dict) else ""
    if not name:
        builder.problem("malformed", where, "its 'data' name no image")
        return []
    found = builder.locate(image_named(name), [path_join(dirname(rel), "images"), dirname(rel)], where, dirname(rel))
    if found is None:
        return []
    entry, left_out = builder.entry(found, split_of_folder(found), rel), []
    regions, predicted = result_of(task)
    if predicted:
        entry.about[PREDICTED] = 1
    facts = builder.facts(found)
    for number, region in enumerate(regions, 1):
        place = f"{where}, region {number}"
        if region.get("type") not in CONTROLS:
            left_out.append(place)
        elif facts is not None and not add_region(entry, region, (facts.width, facts.height), number):
            builder.problem("malformed", place, "it has no label, or numbers that are no place in per cent")
    return left_out


def image_named(name: str) -> str:
    """Return the path of an image that a task names by a path or an address; uploads begin with a hash and a hyphen."""
    address = urlsplit(name)
    path = parse_qs(address.query).get("d", [unquote(address.path)])[0]
    if "/upload/" in path:
        return basename(path).partition("-")[2] or basename(path)
    return path.lstrip("/") if path.startswith(("images/", "/images/")) else basename(path)


def result_of(task: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], bool]:
    """Return the regions of a task that count, and whether they are predictions alone."""
    done = [one for one in listed(task.get("annotations")) if not one.get("was_cancelled")]
    chosen = done or listed(task.get("predictions"))
    return listed(chosen[-1].get("result")) if chosen else [], not done


def listed(value: Any) -> list[Mapping[str, Any]]:
    """Return the records in a list, none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def add_region(entry: ImageBuilder, region: Mapping[str, Any], size: tuple[int, int], number: int) -> bool:
    """Add one region to its image of `size` width and height; False where it says no place or no label."""
    value, kind = region.get("value"), str(region.get("type"))
    names = value.get(kind) if isinstance(value, dict) else None
    label = str(names[0]).strip() if isinstance(names, list) and names else ""
    points = points_of(value, kind, np.array(size, float)) if label and isinstance(value, dict) else None
    if points is None or len(points) < 3:
        return False
    entry.add_shape(points, label, number)
    entry.describe(False, attributes_of(region))
    return True


def attributes_of(region: Mapping[str, Any]) -> dict[str, Value]:
    """Return what is said of a region: its score, and the lines name=value of its notes."""
    meta = region.get("meta")
    lines = meta.get("text") if isinstance(meta, dict) else None
    pairs = (str(line).partition("=") for line in (lines if isinstance(lines, list) else [lines] if lines else []))
    said: dict[str, Value] = {name: value for name, sign, value in pairs if sign}
    score = region.get(SCORE)
    return {**said, **({SCORE: score} if isinstance(score, int | float) else {})}


def points_of(value: Mapping[str, Any], kind: str, size: np.ndarray) -> np.ndarray | None:
    """Return the points (M, 2) of a region in pixels."""
    if kind == POLYGON:
        given = value.get("points")
        if not isinstance(given, list) or not all(isinstance(p, list) and len(p) == 2 for p in given):
            return None
        return (
            without_repeats(np.array(given, float) * size / 100)
            if all(is_coordinate(n) for p in given for n in p)
            else None
        )
    if not all(is_coordinate(value.get(name)) for name in SIDES) or not is_coordinate(value.get("rotation", 0)):
        return None
    x, y, width, height = (float(value[name]) / 100 for name in SIDES)
    turn = np.deg2rad(float(value.get("rotation", 0)))
    along, down = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    first, wide, high = np.array([x, y]) * size, along * width * size[0], down * height * size[1]
    return np.stack([first, first + wide, first + wide + high, first + high])


def place(bare: str, split: str | None) -> str:
    """Return `images/train/…`."""
    return "/".join(filter(None, ["images", split, bare]))


def write(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `tasks.json`, the labelling interface for it, and `classes.txt`."""
    tasks = [task_of(number, one) for number, one in enumerate(placed, 1)]
    save(root / FILE, json.dumps(tasks, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    save(root / "interface.xml", interface(classes))
    list_classes(root, classes)


def task_of(number: int, one: Placed) -> dict[str, Any]:
    """Return an image as a task: what has a score is a prediction, all else an annotation."""
    image = one.image
    regions = [region_of(image, index) for index in range(len(image.labels))]
    scored = bool(regions) and all(SCORE in region for region in regions)
    answer = [{"result": regions, **({"model_version": str(image.about.get(MODEL, ""))} if scored else {})}]
    head: dict[str, Any] = {"id": number, "data": {"image": one.rel}}
    if scored or image.about.get(PREDICTED):
        return {**head, "annotations": [], "predictions": answer}
    return {**head, "annotations": answer}


def region_of(image: ImageAnnotation, index: int) -> dict[str, Any]:
    """Return one object as a region, in per cent of the image's sides."""
    if image.facts is None:
        raise ZooError(f"image {image.name} cannot be read; replace it, or remove it and its annotation")
    size = np.array([image.facts.width, image.facts.height], float)
    shape = image.shapes.get(index)
    points = corners(image.boxes[index : index + 1])[0] if shape is None else shape
    square = len(points) == 4 and bool(are_rectangles(points[None])[0])
    kind = RECTANGLE if square else POLYGON
    value = rectangle(points, size) if square else {"points": (points * 100 / size).tolist(), "closed": True}
    said = dict(image.attributes.get(index, {}))
    score = said.pop(SCORE, None)
    return {
        "id": f"{index + 1}", "type": kind, "from_name": CONTROLS[kind], "to_name": "image",
        "original_width": image.facts.width, "original_height": image.facts.height, "image_rotation": 0,
        "value": {**value, kind: [image.labels[index]]}, **({} if score is None else {SCORE: score}),
        **({"meta": {"text": [f"{name}={one}" for name, one in said.items()]}} if said else {}),
    }  # fmt: skip


def rectangle(points: np.ndarray, size: np.ndarray) -> dict[str, float]:
    """Return corners (4, 2) of a rectangle in pixels as Label Studio writes it."""
    along, across = points[1] - points[0], points[3] - points[0]
    if along[0] * across[1] - along[1] * across[0] < 0:  # the other way round
        along, across = across, along
    width, height = (float(np.hypot(*side)) for side in (along, across))
    x, y = points[0] * 100 / size
    turn = float(np.rad2deg(np.arctan2(along[1], along[0])))
    sides = (x, y, width * 100 / size[0], height * 100 / size[1])
    return {**{name: float(one) for name, one in zip(SIDES, sides, strict=True)}, "rotation": turn % 360}


def interface(classes: Sequence[str]) -> str:
    """Return the labelling interface, to be pasted into a new project."""
    from xml.sax.saxutils import quoteattr

    labels = "".join(f"    <Label value={quoteattr(name)}/>\n" for name in classes)
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        f'  <RectangleLabels name="box" toName="image" canRotate="true">\n{labels}  </RectangleLabels>\n'
        f'  <PolygonLabels name="polygon" toName="image">\n{labels}  </PolygonLabels>\n</View>\n'
    )
