"""Counters: features whose values are so large that float32 could not tell neighbours apart."""

from collections.abc import Sequence

import numpy as np

from recipes.series.series import Series

#: The steps of float32 at the size of the values may be this share of what they vary by, from one to the next.
COARSE = 1e-3


def offsets_of(train: Sequence[Series], bands: Sequence[str]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return what is taken off each feature before its values become float32, 0 for most, and notes on it.

    It is one number for all series, so that their levels stay apart; it is taken off where every series needs it, and where
    only some do a note names the first.
    """
    offsets, notes = [0.0] * len(bands), []
    for feature, band in enumerate(bands):
        coarse = [too_coarse(series.values[:, feature]) for series in train]
        if all(coarse):
            offsets[feature] = float(np.floor(np.nanmean([np.nanmean(series.values[:, feature]) for series in train])))
            notes.append(
                f"{band}: {offsets[feature]:,.0f} is taken off its values, and put on forecasts again, for float32 could"
                " not tell values of this size apart"
            )
        elif any(coarse):
            notes.append(
                f"{band}: {sum(coarse)} of {len(train)} series, the first is {train[coarse.index(True)].name}, hold values so"
                " large that float32 cannot tell neighbours apart; give such series as differences"
            )
    return tuple(offsets), tuple(notes)


def too_coarse(values: np.ndarray) -> bool:
    """Say whether float32 blurs how values (N,) differ from one to the next."""
    known = values[np.isfinite(values)].astype(np.float64)
    moves = np.abs(np.diff(known))
    moves = moves[moves > 0]
    return bool(len(moves) and np.spacing(np.float32(np.abs(known).max())) > COARSE * np.median(moves))
