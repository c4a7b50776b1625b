"""The proof: an exported detector answers as the trained one does, in float32, on tiles.

Dense outputs are compared place by place; boxes where a detection could come from, as outlines, since a rotated box is
written in many ways. The angle of a rotated box is that of a vector, and where the vector is almost 0 rounding turns it:
a small share of the boxes may lie apart. Detections are compared pair by pair: an overlap that rounding moves over the
threshold of the suppression, or a score over the end of the list, changes single ones, so of them too a small share may
have no partner. The largest differences are told, whatever is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zoo.geometry import box_geometry

#: What may differ: scores; corners, in mean sides of their box; and the share of boxes and detections that do so by more.
SCORE, CORNER, APART = 1e-3, 2e-3, 0.005
#: Pixels that corners may be apart whatever the size of their box.
NEAR = 0.02

Outputs = Mapping[str, np.ndarray]
Detections = tuple[np.ndarray, np.ndarray, np.ndarray]  # boxes (N, D), scores (N,), labels (N,)


@dataclass(frozen=True)
class Differences:
    """The largest differences of the dense scores and corners, and what became of the detections.

    Corners are in pixels; boxes were compared in so many `places`, `apart` of which differ by more than they may.
    """

    score: float = 0.0
    pixels: float = 0.0
    places: int = 0
    apart: int = 0
    trained: int = 0
    exported: int = 0
    alone: int = 0
    wrong: str = ""

    def __add__(self, other: "Differences") -> "Differences":
        """Return those of both."""
        score, pixels = np.maximum((self.score, self.pixels), (other.score, other.pixels)).tolist()  # NaN stays
        counted = ("places", "apart", "trained", "exported", "alone")
        counts = [getattr(self, name) + getattr(other, name) for name in counted]
        places, apart, trained, exported, alone = counts
        return Differences(score, pixels, places, apart, trained, exported, alone, self.wrong or other.wrong)

    @property
    def said(self) -> tuple[str, ...]:
        """All of it, in sentences."""
        return self.dense, self.chosen

    @property
    def dense(self) -> str:
        """The dense outputs, in words."""
        return (
            f"dense scores differ by up to {self.score:.1e}, corners of boxes by up to {self.pixels:.1e} px "
            f"({self.apart} of {self.places} by more than {CORNER} of a side)"
        )

    @property
    def chosen(self) -> str:
        """The detections, in words."""
        if not self.trained and not self.exported:
            return "nothing was found in these tiles, so the choice of detections was not put to the proof"
        return f"{self.trained} detections, {self.exported} exported; {self.alone} without a partner in the other"

    def disagreement(self) -> str:
        """Return what is beyond the limits, in words; "" if nothing is."""
        if self.wrong:
            return self.wrong
        if not self.score <= SCORE:  # NaN too
            return f"its dense scores differ by up to {self.score:.3g} (at most {SCORE})"
        if self.apart > allowed(self.places):
            limit = allowed(self.places)
            return f"{self.apart} of {self.places} boxes lie apart, by up to {self.pixels:.3g} px (at most {limit} may)"
        if self.alone > allowed(self.trained + self.exported):
            return f"its detections are others: {self.chosen} (at most {allowed(self.trained + self.exported)} may)"
        return ""


def allowed(count: int) -> int:
    """Return how many of so many boxes or detections may be others."""
    return int(np.ceil(APART * count))


def dense_differences(trained: Outputs, exported: Outputs, threshold: float) -> Differences:
    """Compare dense boxes (B, P, D) and scores (B, P, K); boxes where a score is over the threshold."""
    shapes = [tuple(side[name].shape for name in ("dense_boxes", "dense_scores")) for side in (trained, exported)]
    if shapes[0] != shapes[1]:
        return Differences(wrong=f"it answers in other shapes, {shapes[1]} instead of {shapes[0]}")
    score = np.abs(trained["dense_scores"] - exported["dense_scores"]).max(initial=0.0)
    there = trained["dense_scores"].max(axis=2, initial=0.0) > threshold  # (B, P)
    boxes, others = trained["dense_boxes"][there], exported["dense_boxes"][there]
    apart = corners_apart(boxes, others)
    side = np.sqrt(np.maximum(box_geometry.areas(box_geometry.corners(boxes)), 1.0))
    others_apart = int((~(apart <= NEAR + CORNER * side)).sum())  # NaN too
    return Differences(float(score), float(apart.max(initial=0.0)), int(there.sum()), others_apart)


def corners_apart(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the largest distance (N,) of corners of boxes (N, D) and others (N, D), however rotated ones are written."""
    first, second = box_geometry.corners(boxes), box_geometry.corners(others)
    turns = range(4) if boxes.shape[1] == 5 else range(1)
    apart = [np.linalg.norm(first - np.roll(second, turn, axis=1), axis=2).max(axis=1, initial=0.0) for turn in turns]
    return np.asarray(np.min(apart, axis=0))


def alone(found: Detections, others: Detections) -> int:
    """Return how many of the detections have no partner among the others: same class, score and corners."""
    boxes, scores, labels = found
    other_boxes, other_scores, other_labels = others
    like = (labels[:, None] == other_labels) & (np.abs(scores[:, None] - other_scores) <= SCORE)
    first, second = np.nonzero(like)
    centre_apart = np.abs(boxes[first, :2] - other_boxes[second, :2]).max(axis=1, initial=0.0)  # or of a corner
    near = centre_apart <= NEAR + CORNER * np.abs(boxes[first]).max(axis=1, initial=0.0)
    first, second = first[near], second[near]
    side = np.sqrt(np.maximum(box_geometry.areas(box_geometry.corners(boxes[first])), 1.0))
    same = corners_apart(boxes[first], other_boxes[second]) <= NEAR + CORNER * side
    return len(boxes) - len(np.unique(first[same]))


def chosen_differences(trained: Detections, exported: Detections) -> Differences:
    """Compare the detections of one tile."""
    apart = alone(trained, exported) + alone(exported, trained)
    return Differences(trained=len(trained[1]), exported=len(exported[1]), alone=apart)
