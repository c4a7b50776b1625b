"""Writing Label Studio's keypoints: a JSON list of tasks, the labelling interface for it, and the order of the keypoints."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from recipes.folder.formats.format import save
from recipes.folder.formats.text_writer import list_classes
from recipes.folder.keypoints.format import KeypointImage
from recipes.folder.keypoints.found import INDIVIDUAL, Found, Individual


def write(images: Sequence[KeypointImage], found: Found, root: Path) -> None:
    """Write `tasks.json`, `interface.xml` and `classes.txt`."""
    tasks = [
        {"id": number, "data": {"image": one.rel}, "annotations": [{"result": list(regions(one, found.names))}]}
        for number, one in enumerate(images, 1)
    ]
    save(root / "tasks.json", json.dumps(tasks, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    save(root / "interface.xml", interface(found))
    list_classes(root, found.names)


def regions(image: KeypointImage, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rectangle of each individual that has a box, and its points, which name it as their parent."""
    several = len(image.individuals) > 1
    for number, one in enumerate(image.individuals, 1):
        around = f"individual{number}"
        if one.box is not None:
            x1, y1, x2, y2 = one.box
            place = per_cent(image, (x1, y1, x2 - x1, y2 - y1), ("x", "y", "width", "height"))
            label = {"rectanglelabels": [one.label or INDIVIDUAL]}
            yield region(image, "rectanglelabels", "box", {**place, "rotation": 0, **label}) | {"id": around}
        parent = {"parentID": around} if several or one.box is not None else {}
        yield from ({**point, "id": f"{around}_{at}", **parent} for at, point in points(image, one, names))


def points(image: KeypointImage, one: Individual, names: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the points of an individual with their numbers."""
    for at in np.flatnonzero(one.seen).tolist():
        place = per_cent(image, one.keypoints[at].tolist(), ("x", "y"))
        yield at, region(image, "keypointlabels", "keypoint", {**place, "width": 0.5, "keypointlabels": [names[at]]})


def per_cent(image: KeypointImage, values: Sequence[float], keys: Sequence[str]) -> dict[str, float]:
    """Return pixels, across and down in turn, as per cent of the image's sides."""
    sides = [image.facts.width, image.facts.height] * 2
    return {key: 100 * value / side for key, value, side in zip(keys, values, sides, strict=False)}


def region(image: KeypointImage, kind: str, control: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return a region of a kind."""
    size = {"original_width": image.facts.width, "original_height": image.facts.height, "image_rotation": 0}
    return {"type": kind, "from_name": control, "to_name": "image", **size, "value": value}


def interface(found: Found) -> str:
    """Return the labelling interface, to be pasted into a new project."""
    kinds = dict.fromkeys(one.label or INDIVIDUAL for _, one in found.every())
    boxes, parts = (
        "".join(f"    <Label value={quoteattr(name)}/>\n" for name in names) for names in (kinds, found.names)
    )
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        f'  <RectangleLabels name="box" toName="image">\n{boxes}  </RectangleLabels>\n'
        f'  <KeyPointLabels name="keypoint" toName="image">\n{parts}  </KeyPointLabels>\n</View>\n'
    )
