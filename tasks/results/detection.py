"""The result of a detection."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class DetectionResult:
    """What was found in a scene, boxes (N, 4 or 5) in its pixels, labels, scores; and what is there, perhaps `difficult`."""

    name: str
    found: dict[str, Tensor]
    truth: dict[str, Tensor]
