"""Scenes: an image, or a region of one, with its ground truth. What every reader of annotations gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo.errors import ZooError

#: x, y, width, height in pixels of the file.
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Scene:
    """A window of an image file with its objects, or its mask, in pixels of the window.

    `boxes` float32 (N, 4) xyxy and `labels` int64 (N,) for detection; `mask` uint8 (H, W), 255 = ignored, for
    segmentation. `group` names what must not be split (a flight, a place).
    """

    name: str
    path: Path
    window: Window
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    mask: np.ndarray | None = None
    group: str = ""

    @property
    def width(self) -> int:
        """Width of the window, pixels."""
        return self.window[2]

    @property
    def height(self) -> int:
        """Height of the window, pixels."""
        return self.window[3]

    def region(self, name: str, window: Window) -> "Scene":
        """Return the part inside `window` (pixels of this scene): objects whose centre is inside, clipped to it."""
        x, y, width, height = window
        if width <= 0 or height <= 0:
            raise ZooError(f"region {name!r} of {self.path.name} is {width} × {height} pixels; it must not be empty")
        centres = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        inside = ((centres >= (x, y)) & (centres < (x + width, y + height))).all(axis=1)
        limits = np.array([width, height, width, height], np.float32)
        boxes = np.clip(self.boxes[inside] - np.array([x, y, x, y], np.float32), 0, limits)
        mask = None if self.mask is None else self.mask[y : y + height, x : x + width]
        outer = (self.window[0] + x, self.window[1] + y, width, height)
        return Scene(name, self.path, outer, boxes, self.labels[inside], mask, self.group)


@dataclass(frozen=True)
class Split:
    """Scenes by split, with what they share: the names of the classes and bands, and where the data came from."""

    scenes: Mapping[str, Sequence[Scene]]
    classes: tuple[str, ...]
    bands: tuple[str, ...]
    notes: tuple[str, ...] = ()
    licence: str = "unknown"
    resolution: float | None = None  # metres a pixel
