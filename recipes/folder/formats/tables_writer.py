"""Writing the formats of tables: COCO's JSON and CSV."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.formats.csv import CORNERS, FOUR
from recipes.folder.formats.format import Placed, by_split, four_corners, rounded, save, short
from recipes.folder.shapes import areas
from zoo.geometry.box_geometry import corners


def place_coco(bare: str, split: str | None) -> str:
    """Return `images/train/…`."""
    return "/".join(filter(None, ["images", split, bare]))


def write_coco(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `annotations/instances_train.json` and so on; `instances_all.json` for images without a split."""
    for split, those in by_split(placed).items():
        content = json.dumps(coco(those, classes), ensure_ascii=False, allow_nan=False)
        save(root / "annotations" / f"instances_{split or 'all'}.json", content + "\n")


def coco(placed: Sequence[Placed], classes: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the three tables; ids begin at 1."""
    numbers = {name: number for number, name in enumerate(classes, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, one in enumerate(placed, 1):
        record = {**one.image.about, "id": number, "file_name": one.rel.removeprefix("images/")}
        if one.image.facts is not None:
            record |= {"width": one.image.facts.width, "height": one.image.facts.height}
        images.append(record | ({"group": one.image.group} if one.image.group else {}))
        for index, label in enumerate(one.image.labels):
            ids = {"id": len(annotations) + 1, "image_id": number, "category_id": numbers[label]}
            annotations.append({**one.image.attributes.get(index, {}), **ids, **outline(one.image, index)})
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def outline(image: ImageAnnotation, index: int) -> dict[str, Any]:
    """Return what COCO says of an object's place: bbox, area, and segmentation where it has a shape."""
    x1, y1, x2, y2 = image.boxes[index].tolist()
    shape = image.shapes.get(index)
    area = areas([corners(image.boxes[index : index + 1])[0] if shape is None else shape])
    found = {
        "bbox": rounded(np.array([x1, y1, x2 - x1, y2 - y1])),
        "area": rounded(area)[0],
        "iscrowd": 0,
        "segmentation": [] if shape is None else [rounded(shape)],
    }
    return found | ({"difficult": 1} if index in image.difficult else {})


def place_csv(bare: str, split: str | None) -> str:
    """Return `images/…`; the split is in a column."""
    return f"images/{bare}"


def write_csv(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `boxes.csv`, with four corners where an object has a shape, and `classes.csv`."""
    images = [one.image for one in placed]
    names = FOUR if any(image.shapes for image in images) else CORNERS
    extra = [name for name in ("difficult", "split", "group") if any(getattr(image, name) for image in images)]
    told = sorted({name for image in images for those in image.attributes.values() for name in those})
    rows = [["image_path", *names, "label", *extra, *told]]
    for one in placed:
        rows += csv_rows(one, names, extra, told)
    save(root / "boxes.csv", as_csv(rows))
    save(root / "classes.csv", as_csv([[name, str(number)] for number, name in enumerate(classes)]))


def csv_rows(placed: Placed, names: Sequence[str], extra: Sequence[str], told: Sequence[str]) -> list[list[str]]:
    """Return a row for each object of an image, one without an object for an image that has none."""
    image = placed.image
    facts = {"split": image.split or "", "group": image.group or "", "difficult": ""}
    if not image.labels:
        return [[placed.rel, *("" for _ in names), "", *(facts[name] for name in extra), *("" for _ in told)]]
    numbers = four_corners(image).reshape(-1, 8) if names is FOUR else image.boxes
    rows = []
    for index, (row, label) in enumerate(zip(numbers.tolist(), image.labels, strict=True)):
        facts["difficult"] = str(int(index in image.difficult))
        attributes = image.attributes.get(index, {})
        cells = [*(facts[name] for name in extra), *(str(attributes.get(name, "")) for name in told)]
        rows.append([placed.rel, *map(short, row), label, *cells])
    return rows


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as CSV."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
