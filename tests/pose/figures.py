"""Tiny figures, two paws and a head as discs of their own brightness, and the files that tools would write of them."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

NAMES = ("head", "left_paw", "right_paw")
WIDTH, HEIGHT = 64, 48


def figure(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture (H, W) uint8 and its keypoints (3, 2): discs of 255, 170 and 85, their middle at the keypoint."""
    rng = np.random.default_rng(seed)
    points = np.array([[32.0, 14], [20, 34], [44, 34]]) + rng.uniform(-6, 6, (3, 2))
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    for (cx, cy), value in zip(points, (255, 170, 85), strict=True):
        picture[(x - cx) ** 2 + (y - cy) ** 2 < 16] = value
    return picture, points.round(2)


def figures(root: Path, count: int, folders: int = 4) -> dict[str, np.ndarray]:
    """Write figures into `root/labels/video<n>/`, and return their keypoints by path below the root."""
    found = {}
    for seed in range(count):
        rel = f"labels/video{seed % folders}/img{seed:02d}.png"
        picture, points = figure(seed)
        (root / rel).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / rel)
        found[rel] = points
    return found


def write_deeplabcut(
    path: Path, points: dict[str, np.ndarray], names: tuple[str, ...] = NAMES, wide: bool = False
) -> None:
    """Write DeepLabCut's table; `wide` has the three parts of a path in a cell each."""
    first = [""] * 2 if wide else []
    rows: list[list[Any]] = [
        ["scorer", *first, *["me"] * 2 * len(names)],
        ["bodyparts", *first, *(name for name in names for _ in "xy")],
        ["coords", *first, *"xy" * len(names)],
    ]
    for rel, one in points.items():
        cells = ["" if np.isnan(value) else value for value in one.ravel()]
        rows.append([*(rel.split("/") if wide else [rel]), *cells])
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_coco(path: Path, points: dict[str, np.ndarray], **changed: Any) -> dict[str, Any]:
    """Write COCO's keypoints, one individual an image with a box around it, and return what was written."""
    images, annotations = [], []
    for number, (rel, one) in enumerate(points.items(), 1):
        images.append({"id": number, "file_name": rel, "width": WIDTH, "height": HEIGHT})
        low, high = one.min(axis=0) - 6, one.max(axis=0) + 6
        flagged = np.concatenate((one, np.full((len(one), 1), 2)), axis=1)
        annotations.append(
            {
                "id": number, "image_id": number, "category_id": 1, "keypoints": flagged.ravel().tolist(),
                "num_keypoints": len(one), "bbox": [*low, *(high - low)], "area": float(np.prod(high - low)), "iscrowd": 0,
            }
        )  # fmt: skip
    category = {"id": 1, "name": "figure", "keypoints": list(NAMES), "skeleton": [[1, 2], [1, 3]]}
    content = {"images": images, "annotations": annotations, "categories": [category], **changed}
    path.write_text(json.dumps(content))
    return content


def write_cvat(path: Path, points: dict[str, np.ndarray]) -> None:
    """Write CVAT's skeletons."""
    lines = ["<annotations><version>1.1</version>"]
    for number, (rel, one) in enumerate(points.items()):
        lines.append(f'<image id="{number}" name="{rel}" width="{WIDTH}" height="{HEIGHT}"><skeleton label="figure">')
        lines += [
            f'<points label="{name}" points="{x},{y}" outside="0" occluded="0"/>'
            for name, (x, y) in zip(NAMES, one, strict=True)
        ]
        lines.append("</skeleton></image>")
    path.write_text("\n".join([*lines, "</annotations>"]))


def write_labelstudio(path: Path, points: dict[str, np.ndarray]) -> None:
    """Write Label Studio's points, in per cent of the sides."""
    tasks = []
    for number, (rel, one) in enumerate(points.items(), 1):
        result = [
            {
                "type": "keypointlabels", "original_width": WIDTH, "original_height": HEIGHT,
                "value": {"x": 100 * x / WIDTH, "y": 100 * y / HEIGHT, "width": 1, "keypointlabels": [name]},
            }
            for name, (x, y) in zip(NAMES, one, strict=True)
        ]  # fmt: skip
        image = f"/data/upload/1/0123abcd-{rel.rpartition('/')[2]}"
        tasks.append({"id": number, "data": {"image": image}, "annotations": [{"result": result}]})
    path.write_text(json.dumps(tasks))
