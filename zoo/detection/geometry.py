"""Geometry: what a box is, so that one detector serves axis-aligned boxes (`box.py`) and rotated ones (`rotated_box.py`).

A geometry says how a point's numbers (the code) become a box and back, how far two boxes overlap, what a wrong box
costs, and which of two overlapping detections stays. Head, assigner and detector ask it and know no coordinates.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from torch import Tensor

from zoo.errors import ZooError

LIMIT = 7.0  # of a code before exp: e^7 strides are wider than any image, and finite in bfloat16


class Geometry(ABC):
    """The operations on boxes (N, D) that a dense detector needs; F is the length of a point's code.

    `start` is the code (F,) that an untrained head gives, and `reaches_out` says whether a point outside a box can have
    a code for it.
    """

    box_size: int
    code_size: int
    start: tuple[float, ...]
    reaches_out: bool

    @abstractmethod
    def decode(self, points: Tensor, strides: Tensor, code: Tensor) -> Tensor:
        """Boxes (..., P, D) in pixels from points (P, 2), strides (P,) and code (..., P, F)."""

    @abstractmethod
    def encode(self, points: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
        """Code (..., P, F) with which points (P, 2) inside boxes (..., P, D) decode to these boxes."""

    @abstractmethod
    def depth(self, points: Tensor, boxes: Tensor) -> Tensor:
        """Pixels (N, P) from each point to the nearest side of each box: positive inside, negative outside."""

    @abstractmethod
    def centres(self, boxes: Tensor) -> Tensor:
        """Centres (N, 2) as x, y of boxes (N, D)."""

    @abstractmethod
    def iou(self, boxes: Tensor, others: Tensor) -> Tensor:
        """Intersection over union (N, M), in [0, 1], of boxes (N, D) and others (M, D)."""

    @abstractmethod
    def overlaps(self, boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The pairs of boxes (N, D) and others (M, D) that overlap: indices (E,) and (E,), and IoU (E,), for large N, M."""

    @abstractmethod
    def loss(self, predicted: Tensor, truth: Tensor) -> Tensor:
        """Cost (N,) of predicted boxes (N, D) against their truth (N, D), 0 for equal ones."""

    @abstractmethod
    def suppress(self, boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
        """Indices, best score first, that stay when a better box of the same class overlaps by more than threshold."""

    @abstractmethod
    def reflect(self, code: Tensor, transpose: bool, mirror: bool, flip: bool) -> Tensor:
        """Code (..., F) seen in an image transposed, then mirrored left to right, then flipped top to bottom, put right."""

    @abstractmethod
    def clip(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """Boxes (..., D) cut to an image of height and width pixels, where this geometry can be cut."""


#: name → module:class, imported when it is asked for.
GEOMETRIES: Mapping[str, str] = {
    "box": "zoo.detection.box:Box",
    "rotated_box": "zoo.detection.rotated_box:RotatedBox",
}


@cache
def geometry(name: str) -> Geometry:
    """The geometry of that name; a ZooError lists the names if there is none."""
    if name not in GEOMETRIES:
        raise ZooError(f"geometry={name!r} is not known to the detector; choose one of {', '.join(GEOMETRIES)}")
    module, kind = GEOMETRIES[name].split(":")
    made: Geometry = getattr(import_module(module), kind)()
    return made
