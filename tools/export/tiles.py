"""The tiles that an export is compared on: of the run's own test data, or seeded random ones where there are none."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zoo.errors import ZooError, counted

if TYPE_CHECKING:
    from zoo.runs.run import Run

#: Pixels of the spots in a random tile: of the size of what detectors are trained on.
SPOT = 16


@dataclass(frozen=True)
class Tiles:
    """Images (N, C, S, S) float32 in [0, 1], and where they are from, in words."""

    images: np.ndarray
    said: str


def tiles_of(run: "Run", count: int) -> Tiles:
    """Return `count` tiles, spread over the run's test data; where it cannot be had, random ones, and why."""
    head, size = run.head(), int(run.config["data"]["tile"])
    try:
        images = tested(run, count)
    except (ZooError, OSError) as error:
        reason = str(error).splitlines()[0]
        made = random_tiles(count, len(head["bands"]), size)
        return Tiles(
            made,
            f"{counted(count, 'seeded random tile')} of {size} px, as the run's test data cannot be had ({reason})",
        )
    return Tiles(images, f"{counted(len(images), 'tile')} of {size} px of the run's test data")


def tested(run: "Run", count: int) -> np.ndarray:
    """Return up to `count` tiles (N, C, S, S) of the run's test data."""
    from configuration.composition import recompose
    from tools.predict.evaluate import data_to_test
    from zoo.inference.opened import of_run

    whole = ["data.padding=tile"] if "padding" in run.config["data"] else []  # of small images too
    tiles = data_to_test(of_run(run), recompose(run.config, whole)).dataset("test")
    total = len(tiles)
    places = np.unique(np.linspace(0, total - 1, min(count, total)).astype(int))
    return np.stack([np.asarray(tiles[int(place)]["image"], np.float32) for place in places])


def random_tiles(count: int, bands: int, size: int) -> np.ndarray:
    """Return tiles of spots under noise, the same each time."""
    rng = np.random.default_rng(0)
    spots = rng.random((count, bands, -(-size // SPOT), -(-size // SPOT)))
    wide = spots.repeat(SPOT, axis=2).repeat(SPOT, axis=3)[:, :, :size, :size]
    noise = rng.normal(0, 0.05, wide.shape)
    return (wide + noise).clip(0, 1).astype(np.float32)
