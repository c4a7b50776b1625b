"""The picture of an object: for every pixel near it the material that is seen, and how bright it is lit."""

from typing import NamedTuple

import numpy as np

from recipes.scenes.catalogue import PAINTS
from recipes.scenes.spectra import codes
from recipes.scenes.things import Thing


class Light(NamedTuple):
    """Where the light comes from in the frame of an object: the share of it along u and along v, of length 1."""

    u: float
    v: float


class Picture:
    """Materials (H, W) uint8, 0 outside, and brightness (H, W) float32; u and v are in half lengths and half widths.

    So u = 1 is the bow, v = ±1 the sides. Parts are painted one over the other.
    """

    def __init__(self, thing: Thing, u: np.ndarray, v: np.ndarray, light: Light) -> None:
        self.thing, self.light = thing, light
        self.u, self.v = u / np.float32(thing.length / 2), v / np.float32(thing.width / 2)
        self.material = np.zeros(u.shape, np.uint8)
        self.shade = np.ones(u.shape, np.float32)
        self.random = np.random.default_rng(thing.seed)

    @property
    def paint(self) -> str:
        """The material of the object's paint."""
        return PAINTS[self.thing.variant.paint]

    def fill(self, inside: np.ndarray, material: str, shade: float | np.ndarray = 1.0) -> None:
        """Paint where `inside` is true."""
        self.material[inside] = codes()[material]
        self.shade[inside] = shade[inside] if isinstance(shade, np.ndarray) else shade

    def rectangle(self, u0: float, u1: float, v0: float, v1: float) -> np.ndarray:
        """Return where u is in [u0, u1] and v in [v0, v1]."""
        return (self.u >= u0) & (self.u <= u1) & (self.v >= v0) & (self.v <= v1)

    def ellipse(self, u: float, v: float, along: float, across: float) -> np.ndarray:
        """Return where the ellipse around (u, v) with these half axes is."""
        return np.square((self.u - u) / along) + np.square((self.v - v) / across) <= 1
