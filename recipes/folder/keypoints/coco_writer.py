"""Writing COCO's keypoints: one JSON file a split."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.folder.formats.format import rounded, save
from recipes.folder.keypoints.coco import HIDDEN, SEEN
from recipes.folder.keypoints.format import KeypointImage
from recipes.folder.keypoints.found import INDIVIDUAL, Found, Individual


def write(images: Sequence[KeypointImage], found: Found, root: Path) -> None:
    """Write `annotations/keypoints_train.json` and so on; `keypoints_all.json` for images without a split."""
    for split in dict.fromkeys(one.split for one in images):
        content = json.dumps(
            coco([one for one in images if one.split == split], found), ensure_ascii=False, allow_nan=False
        )
        save(root / "annotations" / f"keypoints_{split or 'all'}.json", content + "\n")


def coco(images: Sequence[KeypointImage], found: Found) -> dict[str, list[dict[str, Any]]]:
    """Return the three tables; ids begin at 1."""
    labels = {one.label or INDIVIDUAL: None for _, one in found.every()}
    numbers = {label: number for number, label in enumerate(labels, 1)}
    edges = [[found.names.index(end) + 1 for end in edge] for edge in found.edges or []]
    categories = [
        {"id": number, "name": label, "keypoints": list(found.names), "skeleton": edges}
        for label, number in numbers.items()
    ]
    records = [
        {
            "id": number,
            "file_name": one.rel.removeprefix("images/"),
            "width": one.facts.width,
            "height": one.facts.height,
        }
        for number, one in enumerate(images, 1)
    ]
    owned = [(number, one) for number, image in enumerate(images, 1) for one in image.individuals]
    annotations = [
        {"id": number, "image_id": image, "category_id": numbers[one.label or INDIVIDUAL], **told(one)}
        for number, (image, one) in enumerate(owned, 1)
    ]
    return {"images": records, "annotations": annotations, "categories": categories}


def told(one: Individual) -> dict[str, Any]:
    """Return what COCO says of an individual; a box or an area that nobody gave is not made up."""
    flags = np.where(one.seen, SEEN, 0)
    flags[list(one.hidden)] = HIDDEN
    rows = np.column_stack((np.where(one.seen[:, None], one.keypoints, 0), flags))
    facts: dict[str, Any] = {"keypoints": rounded(rows), "num_keypoints": int(one.seen.sum()), "iscrowd": 0}
    if one.box is not None:
        x1, y1, x2, y2 = one.box
        facts["bbox"] = rounded(np.array([x1, y1, x2 - x1, y2 - y1]))
    if one.area is not None:
        facts["area"] = rounded(np.array([one.area]))[0]
    return facts | ({"individual": one.name} if one.name else {})
