"""What is to be known of an exported detector, kept within it as words."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import zoo

if TYPE_CHECKING:
    from zoo.runs.run import Run

BOXES = {
    "box": "x1, y1, x2, y2 in pixels of the image, cut to it",
    "rotated_box": "centre x, centre y, width, height in pixels, and degrees counter-clockwise as seen, y pointing down "
    "(torchvision CXCYWHR); the longer side is the width, the angle is in [-90, 90)",
}
SCALED = "whole pictures, scaled until their longer side is {} pixels and padded at the right and lower edge with zeros"
CHOSEN = (
    "boxes (B, M, D), scores (B, M) in falling order and labels (B, M): the detections; a score of 0 and a label of -1 "
    "where there are fewer. dense_boxes (B, P, D) and dense_scores (B, P, K): before anything was chosen"
)
DENSE = (
    "dense_boxes (B, P, D) and dense_scores (B, P, K), from which detections are still to be chosen: scores over "
    "score_threshold, the best `candidates` of them, suppression within each class of boxes whose IoU with a better one "
    "is over nms_threshold, at most max_detections"
)


def facts_of(run: "Run", settings: Any, chosen: bool) -> dict[str, str]:
    """Return facts by name: lists as JSON, the order of classes is that of labels, the order of bands that of channels."""
    head, config = run.head(), run.config
    data, geometry = config["data"], str(config["task"]["geometry"])
    values = data.get("value_range")
    return {
        "run": f"{run.folder.parent.name}/{run.folder.name}",
        "model": str(head["model"]),
        "classes": json.dumps(list(head["classes"]), ensure_ascii=False),
        "bands": json.dumps(list(head["bands"]), ensure_ascii=False),
        "input": f"images (B, C, {data['tile']}, {data['tile']}) float32 in [0, 1], any B; normalisation is inside",
        "value_range": json.dumps(values)
        if values
        else "of the files' type: value / 255 for uint8, / 65535 for uint16",
        "tile": str(data["tile"]),
        **({"resize": SCALED.format(data["resize"])} if data.get("resize") else {}),
        "geometry": geometry,
        "box": BOXES[geometry],
        "outputs": CHOSEN if chosen else DENSE,
        **{name: str(getattr(settings, name)) for name in ("score_threshold", "nms_threshold", "max_detections")},
        "candidates": str(settings.candidates),
        "views": "1",
        "licence_of_weights": zoo.card(str(head["model"])).licences.weights,
        **best_score(run.metrics if run.finished else {}),
    }


def best_score(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return the score at which F1 was best in validation, where it is known."""
    best = metrics.get("val/score_at_best_f1")
    return {} if best is None else {"score_at_best_f1": f"{best:.4f}"}
