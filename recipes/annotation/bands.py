"""The bands of a labelled image, as those of the data that it joins."""

from pathlib import Path
from typing import Any

from recipes.inference.source import matched
from recipes.kit.module import DataModule


def bands_of(data: DataModule[Any], path: Path) -> tuple[int, ...] | None:
    """Return which bands of an image are read, counted from 0 (None: all); other bands than the data has are refused."""
    return matched(path, data.bands, getattr(data.loading, "band_names", None))[0]
