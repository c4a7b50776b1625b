"""An individual in an image: a person or an animal with its keypoints."""

from dataclasses import dataclass, field

import numpy as np

from recipes.imagery.scene import Scene
from zoo.pose.framing import Frame, frame_of


@dataclass(frozen=True)
class Instance(Scene):
    """A scene in which one individual is looked at; its box (1, 4) is what is seen of the image, no box is all of it.

    `keypoints` are float32 (J, 2) as x, y in pixels of the image, NaN where nobody set one; `visible` (J,) bool are those that
    are asked for: set, seen, and inside the image. `area` is that of the individual in pixels, by which errors are judged.
    """

    keypoints: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    visible: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    area: float = 0.0

    @property
    def box(self) -> np.ndarray | None:
        """Its box (4,) xyxy, None where the whole image is looked at."""
        return self.boxes[0] if len(self.boxes) else None

    @property
    def hull(self) -> np.ndarray:
        """The box (4,) around its visible keypoints; that of the image where there are none."""
        if not self.visible.any():
            return np.array([0, 0, self.width, self.height], np.float32)
        seen = self.keypoints[self.visible]
        return np.concatenate((seen.min(axis=0), seen.max(axis=0)))

    def frame(self, size: int) -> Frame:
        """Return how it is shown in a square of `size` pixels."""
        return frame_of(self.width, self.height, size, self.box)


def area_of(keypoints: np.ndarray, visible: np.ndarray) -> float:
    """Return the area of the box around the visible keypoints, pixels; what has none is a pixel large."""
    if not visible.any():
        return 1.0
    seen = keypoints[visible]
    return float(np.prod((seen.max(axis=0) - seen.min(axis=0)).clip(min=1.0)))


def inside(keypoints: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return which keypoints (J, 2) are known and lie in the image (J,) bool."""
    with np.errstate(invalid="ignore"):
        return np.asarray(((keypoints >= 0) & (keypoints <= (width, height))).all(axis=1))
