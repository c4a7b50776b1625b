"""The sensor: what reflects becomes numbers, through the air, the lens and the noise of each band."""

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.noise import normal
from recipes.scenes.settings import FULL, SceneSettings
from recipes.scenes.spectra import band_names, codes, of_air, reflectance

#: The pixels by which the lens mixes neighbours.
BLUR = 1


class Sensor:
    """Turns materials, brightness and light into digital numbers, band by band."""

    def __init__(self, settings: SceneSettings) -> None:
        self.settings = settings
        self.spectra = reflectance(settings.bands)  # (M, C)
        self.haze, self.skylight = (of_air(what, settings.bands) for what in ("haze", "skylight"))
        random = np.random.default_rng([settings.seed, 3])
        self.gain = np.float32(random.uniform(0.85, 1.1))  # how high the sun stands

    def band(self, index: int, material: np.ndarray, shade: np.ndarray, sunlight: np.ndarray) -> np.ndarray:
        """Return the reflectance (H - 2, W - 2) float32 of a band as the lens shows it.

        `material` uint8, `shade` and `sunlight` in [0, 1] are (H, W), with a margin of `BLUR` pixels on all sides.
        """
        sky = self.skylight[index]
        seen = self.spectra[:, index][material]
        seen *= shade
        seen *= (1 - sky) * sunlight + sky
        rows = seen[:-2] + 2 * seen[1:-1] + seen[2:]
        return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) * (self.gain / 16)

    def numbers(self, index: int, seen: np.ndarray, hidden: np.ndarray | None, window: Window) -> np.ndarray:
        """Return digital numbers (H, W) uint16 from 1: through haze and clouds, with noise of the band's own."""
        seen += self.haze[index]
        if hidden is not None:
            seen += hidden * (self.spectra[codes()["cloud"], index] - seen)
        band = band_names().index(self.settings.bands[index])
        noise = normal(self.settings.seed * 1_000_003 + 101 + band, window)
        noise *= np.float32(self.settings.noise) * (0.6 + 0.8 * np.sqrt(seen.clip(0, 1)))  # shot noise grows with light
        return np.rint((seen + noise) * FULL).clip(1, 65535).astype(np.uint16)
