"""`data=weather`: maps of sixteen channels with storms, generated, or the user's own from NetCDF."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from recipes.imagery import images
from recipes.imagery.generated import Counts, GeneratedScenes, kept
from recipes.imagery.module import SceneLoading
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split, check_ratios
from recipes.weather.channels import CHANNELS
from recipes.weather.fields import CLASSES, VERSION, FieldSettings, draw
from recipes.weather.netcdf import NetcdfFile, read_netcdf
from zoo.errors import ZooError

NOTE = (
    "generated fields, of no real day, that obey no equations of motion: they measure what a model can learn in principle, "
    "not how it finds storms"
)
MEANING = (
    "cyclone: tropical cyclones and the cores of lows of middle latitudes; front: the moist band that trails from a low; "
    "each channel is scaled by the range in recipes/weather/channels.py, kept as scale and offset of its band"
)


class Weather(GeneratedScenes):
    """Cyclones and fronts on maps of half a degree; with `root`, the maps of a NetCDF file, see `NetcdfFile`."""

    records: ClassVar[tuple[type, ...]] = (SceneLoading, Counts, FieldSettings)

    def __init__(
        self,
        name: str,
        augment: Change,
        root: str | None = None,
        mask: str | None = None,
        classes: Sequence[str] | None = None,
        ratios: Sequence[float] = (0.7, 0.15, 0.15),
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        self.file = None if root is None else NetcdfFile(Path(root).expanduser(), mask, classes, check_ratios(ratios))
        if root is None and mask is not None:
            raise ZooError(f"data.mask={mask} names a variable, and there is no data.root=….nc to have it")
        if self.file is not None:
            self.name = name

    def read_split(self) -> Split[Scene]:
        """Return the maps by split: generated, or from the file."""
        return self.split_of(self.counts.seeds()) if self.file is None else read_netcdf(self.file, self.loading.bands)

    def split_of(self, seeds: dict[str, list[int]]) -> Split[Scene]:
        """Return the maps of these seeds."""
        names, ranges = tuple(CHANNELS), tuple(channel.range for channel in CHANNELS.values())
        scenes = {
            split: [
                kept("weather", VERSION, self.drawing, seed, partial(draw, self.drawing, seed), names, ranges)
                for seed in those
            ]
            for split, those in seeds.items()
        }
        return Split(scenes, CLASSES, names, (NOTE, MEANING), "CC0-1.0")

    def picture(self, name: str) -> np.ndarray:
        """Return the first channel of a map in colours, uint8 (H, W, 3): of all sixteen it is precipitable water."""
        from matplotlib import colormaps

        scene = self.find(name)
        field = images.read(scene.path, scene.window, scene.bands)[0]
        low, high = np.nanquantile(field, [0.01, 0.99])
        shade = np.clip((field - low) / max(high - low, 1e-6), 0, 1)
        return (colormaps["bone"](np.nan_to_num(shade))[..., :3] * 255).astype(np.uint8)
