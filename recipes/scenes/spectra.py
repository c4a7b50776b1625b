"""Spectra: what each material reflects in each band, read from spectra.yaml."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from zoo.errors import ZooError, near


@cache
def table() -> dict[str, Any]:
    """Return the file of spectra: `bands`, `materials`, `haze` and `skylight`."""
    return yaml.safe_load(Path(__file__).with_name("spectra.yaml").read_text(encoding="utf-8"))


def band_names() -> tuple[str, ...]:
    """Return the names of all bands, in the order in which a number of bands takes them."""
    return tuple(table()["bands"])


@cache
def codes() -> dict[str, int]:
    """Return the code of each material; 0 is none."""
    return {name: code for code, name in enumerate(table()["materials"], start=1)}


def reflectance(bands: Sequence[str]) -> np.ndarray:
    """Return the reflectance (M, C) float32 of the materials by code; that of code 0 is 0."""
    where = [band_names().index(name) for name in bands]
    rows = [[0.0] * len(band_names()), *table()["materials"].values()]
    return np.array(rows, np.float32)[:, where]


def of_air(what: str, bands: Sequence[str]) -> np.ndarray:
    """Return what the air does in each band, (C,) float32: its `haze` in reflectance, or its `skylight`, a share."""
    return np.array([table()[what][band_names().index(name)] for name in bands], np.float32)


def bands_of(wanted: int | Sequence[str]) -> tuple[str, ...]:
    """Return the names of the bands: the first so many, or those named, in their order."""
    known = band_names()
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(known):
            raise ZooError(f"bands={wanted} must be 1 to {len(known)}; they are taken in the order {', '.join(known)}")
        return known[:wanted]
    names = tuple(str(name) for name in wanted)
    for name in names:
        if name not in known:
            raise ZooError(
                f"bands names {name!r}, which is not generated{near(name, known)}; there are {', '.join(known)}"
            )
    if not names or len(set(names)) != len(names):
        raise ZooError(f"bands={list(names)} must name each band once")
    return names
