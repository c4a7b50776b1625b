"""Limits: how many regions a detector of two stages learns from, proposes and keeps."""

from dataclasses import dataclass
from typing import TypedDict


class LimitOptions(TypedDict, total=False):
    """The fields of `Limits` as options of `build`."""

    regions: int
    proposals: int
    score_threshold: float
    nms_threshold: float
    max_detections: int


@dataclass(frozen=True)
class Limits:
    """`regions` of an image are learnt from, `proposals` of it are looked at in evaluation.

    Of these, detections with scores over `score_threshold` are kept, one of those of a class that overlap by more than
    `nms_threshold`, at most `max_detections`.
    """

    regions: int = 512
    proposals: int = 1000
    score_threshold: float = 0.01
    nms_threshold: float = 0.5
    max_detections: int = 1000
