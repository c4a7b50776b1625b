"""Gaps: values that are missing inside a series, and the choice what to put in their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recipes.kit.split import Split
from recipes.series.series import Series
from zoo.errors import ZooError

#: What instruments write where they have measured nothing.
SENTINELS = (-99.0, -999.0, -9999.0, -99999.0, -32768.0, 9999.0, 99999.0, 1e20)
Missing = Literal["interpolate", "hold", "mask", "raise"]


def mend(split: Split[Series], how: Missing, masking: "Masking | None" = None, asked: bool = True) -> Split[Series]:
    """Return the split without gaps; `masking` is what a finished run put into them, and then no setting is `asked` for.

    `interpolate` draws lines between the neighbours; `hold` carries the last value on, as one must who does not know what
    comes; `mask` puts the training mean there and adds a feature `<band> known`, 1 or 0; `raise` refuses.
    """
    broken = broken_of(split)
    if not broken and masking is None:
        return split
    if how == "raise":
        refuse(broken, split.bands, asked)
    masking = None if how != "mask" else masking or Masking.of(split)
    parts = {p: [mended(s, how, split.bands, masking, asked) for s in every] for p, every in split.parts.items()}
    bands = split.bands if masking is None else masking.bands(split.bands)
    return replace(split, parts=parts, bands=bands, notes=(*split.notes, *told(broken, how)))


def sentinel_notes(train: Sequence[Series], bands: Sequence[str]) -> Iterator[str]:
    """Yield a note on each feature that holds, again and again, a number which usually stands for no value."""
    for feature, band in enumerate(bands):
        values = np.concatenate([series.values[:, feature] for series in train])
        others = values[~np.isin(values, SENTINELS) & ~np.isnan(values)]
        for sentinel in SENTINELS:
            count = int((values == sentinel).sum())
            if count > 1 and len(others) and abs(sentinel) > 10 * np.abs(others).max():
                yield f"{band} is {sentinel:g} in {count} steps, which often stands for no value: leave these cells empty if so"


def told(broken: Sequence[tuple[str, Series]], how: str) -> tuple[str, ...]:
    """Say how much was missing."""
    count = sum(int(np.isnan(series.values).sum()) for _, series in broken)
    return (f"{count:,} missing values in {len(broken)} series: data.missing={how}",) if broken else ()


def mended(series: Series, how: str, bands: Sequence[str], masking: "Masking | None", asked: bool) -> Series:
    """Return a series whose gaps are filled as `mend` says."""
    if how == "mask" and masking is not None:
        return masking.fill(series, bands)
    return replace(series, values=filled(series, line if how == "interpolate" else held, bands, asked))


def broken_of(split: Split[Series]) -> list[tuple[str, Series]]:
    """Return split and series of those with gaps; ZooError when one holds infinite values."""
    every = [(part, series) for part, members in split.parts.items() for series in members]
    for _, series in every:
        if np.isinf(series.values).any():
            raise ZooError(f"series {series.name!r} holds infinite values; write NaN, or nothing, where none is known")
    return [(part, series) for part, series in every if np.isnan(series.values).any()]


def refuse(broken: Sequence[tuple[str, Series]], bands: Sequence[str], asked: bool) -> None:
    """Say where the first gap is."""
    part, series = broken[0]
    step, feature = np.argwhere(np.isnan(series.values))[0]
    others = f", and {len(broken) - 1} more have gaps" if len(broken) > 1 else ""
    of = f" of {part}" if asked else ""
    way_out = "data.missing=interpolate, hold or mask fills them" if asked else "the run knows none of these; fill them"
    raise ZooError(f"series {series.name!r}{of} has no value at step {step} of {bands[feature]!r}{others}; {way_out}")


def filled(series: Series, fill: object, bands: Sequence[str], asked: bool) -> np.ndarray:
    """Fill each feature of a series; one without any value is refused."""
    values = series.values.copy()
    for feature, band in enumerate(bands):
        column = values[:, feature]
        known = ~np.isnan(column)
        if not known.any():
            way_out = "data.missing=mask tells the model so, or leave this feature away" if asked else "give some"
            raise ZooError(f"series {series.name!r} has no value of {band!r} at all; {way_out}")
        if not known.all():
            values[:, feature] = fill(column, known)  # type: ignore[operator]
    return values


def line(column: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return a column (T,) with lines between its known values, and the nearest of them at the ends."""
    place = np.arange(len(column))
    return np.interp(place, place[known], column[known])


def held(column: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return a column (T,) with the last known value in each gap; the first known one before it."""
    last = np.maximum.accumulate(np.where(known, np.arange(len(column)), -1))
    return column[np.where(last < 0, int(known.argmax()), last)]


@dataclass(frozen=True)
class Masking:
    """What is put into gaps, the training mean of each of F features, and which features say where they are known."""

    mean: tuple[float, ...]
    gappy: tuple[int, ...]

    @classmethod
    def of(cls, split: Split) -> "Masking":
        """Measure the means of training, and which features have gaps anywhere."""
        every = [series.values for part in split.parts.values() for series in part]
        gappy = np.flatnonzero(np.any([np.isnan(values).any(axis=0) for values in every], axis=0))
        train = np.concatenate([series.values for series in split.parts["train"]])
        known = np.sum(~np.isnan(train), axis=0)
        if not known.all():
            raise ZooError(
                f"no training series has a value of {split.bands[int(known.argmin())]!r}; leave this feature away"
            )
        return cls(tuple(np.nanmean(train, axis=0).tolist()), tuple(gappy.tolist()))

    def bands(self, bands: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the features, with those that say what is known."""
        return (*bands, *(f"{bands[feature]} known" for feature in self.gappy))

    def fill(self, series: Series, bands: Sequence[str]) -> Series:
        """Put the means into the gaps of a series, and add what is known; a gap where training had none is refused."""
        missing = np.isnan(series.values)
        if missing.shape[1] != len(self.mean):
            raise ZooError(f"series {series.name!r} has {missing.shape[1]} features, training had {len(self.mean)}")
        for feature in np.flatnonzero(missing.any(axis=0)).tolist():
            if feature not in self.gappy:
                step = int(missing[:, feature].argmax())
                raise ZooError(
                    f"series {series.name!r} has no value at step {step} of {bands[feature]!r}, which was always known in"
                    " training, so the model cannot be told; fill it, or leave the series out"
                )
        values = np.where(missing, np.array(self.mean, np.float32), series.values)
        known = ~missing[:, list(self.gappy)]
        return replace(series, values=np.concatenate([values, known], axis=1).astype(np.float32))
