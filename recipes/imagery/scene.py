"""Scenes: an image, or a region of one, with its ground truth. What every reader of annotations gives."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from zoo.errors import ZooError

#: x, y, width, height in pixels of the file.
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Scene:
    """A window of an image file with its objects, or its mask, in pixels of the window.

    `boxes` float32 are (N, 4) xyxy, or (N, 5) centre, width, height, degrees (torchvision's CXCYWHR), with `labels` int64
    (N,) and, where it is known, `difficult` bool (N,): objects that are neither to be found nor wrong to find. `mask` is
    uint8 (H, W), 255 = ignored; a scene too large for that names `mask_file`, a raster of one band and the size of the
    image. `bands` are the bands of the file that are read, counted from 0; None reads all. `group` names what must not
    be split (a flight, a place). A scene that is `seen` at another width and height than its window has is so for all:
    its size, boxes and mask are in these pixels (`recipes.imagery.resizing`).
    """

    name: str
    path: Path
    window: Window
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    mask: np.ndarray | None = None
    group: str = ""
    difficult: np.ndarray | None = None
    mask_file: Path | None = None
    bands: tuple[int, ...] | None = None
    seen: tuple[int, int] | None = None

    @property
    def rotated(self) -> bool:
        """Whether the boxes are rotated, (N, 5)."""
        return self.boxes.shape[1] == 5

    @property
    def centres(self) -> np.ndarray:
        """Centres (N, 2) of the boxes, as x, y."""
        return self.boxes[:, :2] if self.rotated else (self.boxes[:, :2] + self.boxes[:, 2:]) / 2

    @property
    def masked(self) -> bool:
        """Whether the scene has a mask."""
        return self.mask is not None or self.mask_file is not None

    @property
    def width(self) -> int:
        """Width of what is seen, pixels: of the window, unless it is scaled."""
        return self.window[2] if self.seen is None else self.seen[0]

    @property
    def height(self) -> int:
        """Height of what is seen, pixels: of the window, unless it is scaled."""
        return self.window[3] if self.seen is None else self.seen[1]

    def region(self, name: str, window: Window) -> "Scene":
        """Return the part inside `window` (pixels of this scene): objects whose centre is inside.

        Axis-aligned boxes are clipped to it; rotated ones stay whole.
        """
        x, y, width, height = window
        if width <= 0 or height <= 0:
            raise ZooError(f"region {name!r} of {self.path.name} is {width} × {height} pixels; it must not be empty")
        inside = ((self.centres >= (x, y)) & (self.centres < (x + width, y + height))).all(axis=1)
        shift = np.array((x, y, 0, 0, 0) if self.rotated else (x, y, x, y), np.float32)
        boxes = self.boxes[inside] - shift
        if not self.rotated:
            boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
        return replace(
            self,
            name=name,
            window=(self.window[0] + x, self.window[1] + y, width, height),
            boxes=boxes,
            labels=self.labels[inside],
            mask=None if self.mask is None else self.mask[y : y + height, x : x + width],
            difficult=None if self.difficult is None else self.difficult[inside],
        )
