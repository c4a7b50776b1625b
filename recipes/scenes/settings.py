"""What a scene is generated from: everything that its pixels depend on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from recipes.scenes.catalogue import Catalogue
from recipes.scenes.spectra import bands_of
from zoo.errors import ZooError

#: Raised with every change of the generator that changes a pixel, so that no old scene is taken for a new one.
VERSION = 1
LARGEST = 20_000
#: A reflectance of 1 in the numbers of the file; 0 there is no data.
FULL = 4096
#: The numbers that become [0, 1]: a reflectance of 0.5 is brighter than all but clouds and foam in the sun.
VALUE_RANGE = (0, FULL // 2)


@dataclass(frozen=True)
class SceneSettings:
    """A scene of `width` × `height` pixels of `resolution` metres with `bands` by name and `classes` of objects.

    `sea` is the share of the scene that is sea, `clouds` the share under clouds, `noise` the deviation of the sensor's
    noise in reflectance.
    """

    width: int
    height: int
    seed: int = 0
    bands: tuple[str, ...] = ("blue", "green", "red", "nir")
    classes: int = 5
    resolution: float = 0.3
    sea: float = 0.25
    clouds: float = 0.02
    noise: float = 0.006

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            if not 1 <= getattr(self, name) <= LARGEST:
                raise ZooError(f"a scene has {name} {getattr(self, name)}; it must be 1 to {LARGEST} pixels")
        for name, most in (("sea", 1.0), ("clouds", 0.9), ("noise", 0.2)):
            if not 0 <= getattr(self, name) <= most:
                raise ZooError(f"{name}={getattr(self, name)} of a scene must be between 0 and {most:g}")
        if not 0.1 <= self.resolution <= 2:
            raise ZooError(
                f"resolution={self.resolution} must be 0.1 to 2 metres a pixel: at 2 a car is two pixels long"
            )
        if self.seed < 0:
            raise ZooError(f"seed={self.seed} of a scene must be 0 or more")
        Catalogue(self.classes)
        bands_of(self.bands)

    @classmethod
    def of(cls, width: int, height: int, bands: int | Sequence[str], **others: float) -> "SceneSettings":
        """Return settings with bands given by name or by number."""
        return cls(int(width), int(height), bands=bands_of(bands), **others)  # type: ignore[arg-type]

    @property
    def catalogue(self) -> Catalogue:
        """The objects as classes."""
        return Catalogue(self.classes)

    @property
    def metre(self) -> float:
        """Pixels a metre."""
        return 1 / self.resolution

    @property
    def digest(self) -> str:
        """What names these settings among all others: 16 hexadecimal digits."""
        text = json.dumps([VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
