"""Terrain: how high the ground lies over the sea, and which material covers it where nothing was built."""

from functools import cached_property

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.noise import fractal, fractal_at, value_noise
from recipes.scenes.settings import SceneSettings
from recipes.scenes.spectra import codes

#: Wavelength of hills, metres, and the octaves below it.
HILLS, OCTAVES = 230.0, 3
#: Heights, without a unit: fractal noise in about ±0.6. Water is shallow down to this, and a beach reaches up to this.
SHALLOW, BEACH = -0.10, 0.035
#: A share is found by looking at so many places along each side of a scene.
LOOKS = 96


def level_of(share: float, field: np.ndarray) -> float:
    """Return what `share` of the values of a field lie below; beyond all of them for 0 and 1."""
    if share in (0.0, 1.0):
        return float(field.min() - 9 if share == 0 else field.max() + 9)
    return float(np.quantile(field, share))


def looked(settings: SceneSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return places (N,), x and y, spread evenly over a scene."""
    across, down = (
        np.linspace(0, side - 1, min(side, LOOKS)).astype(np.int64) for side in (settings.width, settings.height)
    )
    x, y = np.meshgrid(across, down)
    return x.ravel(), y.ravel()


class Terrain:
    """Height over the sea, as a function of place."""

    def __init__(self, settings: SceneSettings) -> None:
        self.settings, self.seed = settings, settings.seed * 1_000_003 + 11
        self.period = HILLS * settings.metre

    @cached_property
    def sea_level(self) -> float:
        """The height below which the share of the scene lies that is to be sea."""
        return level_of(self.settings.sea, fractal_at(self.seed, *looked(self.settings), self.period, OCTAVES))

    def height(self, window: Window) -> np.ndarray:
        """Return the height (H, W) float32 over the sea."""
        return fractal(self.seed, window, self.period, OCTAVES) - np.float32(self.sea_level)

    def height_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the height (N,) float32 over the sea at places x and y (N,)."""
        return fractal_at(self.seed, x, y, self.period, OCTAVES) - np.float32(self.sea_level)

    def cover(self, window: Window) -> np.ndarray:
        """Return the material (H, W) uint8 of ground on which nothing was built."""
        height, code = self.height(window), codes()
        wild = fractal(self.seed + 1, window, 40 * self.settings.metre, 3)
        material = np.full(height.shape, code["meadow"], np.uint8)
        material[wild > 0.18] = code["grass"]
        material[wild < -0.24] = code["scrub"]
        material[height < BEACH + 0.02 * wild] = code["sand"]
        material[height < 0] = code["shallow"]
        material[height < SHALLOW + 0.08 * wild] = code["sea"]
        return material

    def texture(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Return coarse and fine variation of brightness (H, W) float32, both in about ±0.5."""
        metre = self.settings.metre
        coarse = fractal(self.seed + 2, window, 60 * metre, 3)
        fine = value_noise(self.seed + 3, window, 2.2 * metre) + 0.8 * value_noise(self.seed + 4, window, 0.8 * metre)
        return coarse, fine * np.float32(0.5)
