"""The trained detector and its export, side by side on the same tiles."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.export.formats import Runner
from tools.export.proof import Detections, Differences, chosen_differences, dense_differences

if TYPE_CHECKING:
    from zoo.detection.kestrel import Kestrel


def batches(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield tiles (1, C, S, S) one by one, and then the first two together."""
    yield from np.split(images, len(images))
    yield np.ascontiguousarray(images[:2])


def compare(model: "Kestrel", runner: Runner, images: np.ndarray) -> Differences:
    """Return the largest differences between a trained detector and its export on tiles (N, C, S, S)."""
    total = Differences()
    for batch in batches(images):
        dense, found = trained_answers(model, batch)
        exported = runner(batch)
        total += dense_differences(dense, exported, model.postprocess.score_threshold)
        if "scores" in exported:
            for i, mine in enumerate(found):
                total += chosen_differences(mine, detections(exported, i))
    return total


def trained_answers(model: "Kestrel", images: np.ndarray) -> tuple[dict[str, np.ndarray], list[Detections]]:
    """Return the dense outputs of the trained detector, and its detections in every image (B, C, H, W)."""
    import torch

    batch, (height, width) = torch.from_numpy(images), images.shape[-2:]
    with torch.inference_mode():
        _, boxes, logits = model.dense(model.pad(batch))
        found: Any = model(batch)
    dense = {
        "dense_boxes": model.geometry.clip(boxes, height, width).numpy(),
        "dense_scores": logits.sigmoid().numpy(),
    }
    return dense, [(one["boxes"].numpy(), one["scores"].numpy(), one["labels"].numpy()) for one in found]


def detections(exported: Any, image: int) -> Detections:
    """Return the detections of one image of an exported batch."""
    there = exported["scores"][image] > 0
    return exported["boxes"][image][there], exported["scores"][image][there], exported["labels"][image][there]
