"""What a scene is made of, as planned: objects, patches of ground, trees; all places in pixels of the scene.

Angles are degrees counter-clockwise as seen, with y downwards: torchvision's convention of rotated boxes.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from recipes.scenes.catalogue import Variant


class Frame(NamedTuple):
    """A place and a direction: u runs along the angle, v to the right of it as seen, both in pixels."""

    x: float
    y: float
    angle: float

    @property
    def axes(self) -> tuple[float, float]:
        """Cosine and sine of the angle."""
        turn = np.deg2rad(self.angle)
        return float(np.cos(turn)), float(np.sin(turn))

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return the place (x, y) of (u, v)."""
        cos, sin = self.axes
        return self.x + u * cos + v * sin, self.y - u * sin + v * cos

    def local(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return u and v, float32, of places x and y, which are broadcast."""
        cos, sin = self.axes
        dx, dy = (x - self.x), (y - self.y)
        return (dx * cos - dy * sin).astype(np.float32), (dx * sin + dy * cos).astype(np.float32)


class Thing(NamedTuple):
    """An object with ground truth: `length` along its heading and `width` across, `height` above ground; pixels."""

    frame: Frame
    length: float
    width: float
    height: float
    family: int
    variant: Variant
    label: int
    seed: int

    @property
    def box(self) -> tuple[float, float, float, float, float]:
        """The rotated box: centre x, centre y, width, height, degrees."""
        return self.frame.x, self.frame.y, self.length, self.width, self.frame.angle

    @property
    def reach(self) -> tuple[float, float]:
        """Half the width and height of the axis-aligned box around it."""
        cos, sin = (abs(part) for part in self.frame.axes)
        return (self.length * cos + self.width * sin) / 2, (self.length * sin + self.width * cos) / 2


class Patch(NamedTuple):
    """A piece of ground, a rectangle or what its pattern makes of it."""

    frame: Frame
    length: float
    width: float
    material: str
    pattern: str = "plain"
    pitch: float = 0.0  # of the pattern, pixels


class Floor(NamedTuple):
    """The ground of a whole plot: a quadrangle (4, 2) in strips of the materials named, `pitch` pixels wide."""

    corners: np.ndarray
    frame: Frame
    materials: tuple[str, ...]
    pitch: float
    rows: tuple[float, ...]  # distance of the rows sown in each strip, pixels; 0 is none


class Tree(NamedTuple):
    """A single tree."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Content:
    """What stands on a plot and its roads; `use` is what the plot is used for, "" for a shore."""

    floors: list[Floor] = field(default_factory=list)
    roads: list[Patch] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    use: str = ""
