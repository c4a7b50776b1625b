"""Clouds and the shadows that they throw."""

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.noise import fractal, fractal_at
from recipes.scenes.settings import SceneSettings
from recipes.scenes.terrain import level_of, looked

SIZE, OCTAVES = 80.0, 5  # metres, and octaves below
HEIGHT = 90.0  # metres above the ground: far below a real cloud, so that a shadow stays in the scene
EDGE = 0.16  # of the noise, from no cloud to one that hides the ground
OPAQUE = 0.7  # hides what is below


class Clouds:
    """Clouds over a share of a scene."""

    def __init__(self, settings: SceneSettings, sun: tuple[float, float]) -> None:
        self.seed, self.period = settings.seed * 1_000_003 + 41, SIZE * settings.metre
        self.shift = tuple(round(part * HEIGHT * settings.metre) for part in sun)
        self.any = settings.clouds > 0
        if self.any:
            field = fractal_at(self.seed, *looked(settings), self.period, OCTAVES)
            self.begin = level_of(1 - settings.clouds, field) - EDGE / 2

    def opacity(self, window: Window) -> np.ndarray:
        """Return how much of the ground (H, W) float32 clouds hide, 0 to 1."""
        return thickness(fractal(self.seed, window, self.period, OCTAVES), self.begin)

    def opacity_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return how much clouds hide at places x and y (N,)."""
        if not self.any:
            return np.zeros(len(x), np.float32)
        return thickness(fractal_at(self.seed, x, y, self.period, OCTAVES), self.begin)

    def shadow(self, window: Window) -> np.ndarray:
        """Return how much of the sun (H, W) float32 clouds take from the ground."""
        x, y, width, height = window
        return self.opacity((x - self.shift[0], y - self.shift[1], width, height))


def thickness(field: np.ndarray, begin: float) -> np.ndarray:
    """Return the opacity of noise: 0 below `begin`, 0.97 from `EDGE` above it."""
    return ((field - np.float32(begin)) * np.float32(1 / EDGE)).clip(0, 1) * np.float32(0.97)
