"""COCO's run-length masks: runs of 0 and 1 in turn down the columns, as numbers or packed in a string.

The packing is that of https://github.com/cocodataset/cocoapi (common/maskApi.c): five bits a character, and from the third run
on the difference to the run before the last. Read here, since a library's C code takes any count for true.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recipes.folder.numbers import whole

MOST = 1 << 31  # pixels


def decode_rle(segmentation: Mapping[str, Any]) -> np.ndarray | None:
    """Return the mask (H, W) bool of a run-length segmentation; None where it is none, or its runs do not fill its size."""
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
        return None
    runs = unpack(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(type(run) is int and run >= 0 for run in runs):
        return None
    height, width = size
    if height * width > MOST or sum(runs) != height * width:
        return None
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def decode_rows(text: str, width: int, height: int) -> np.ndarray | None:
    """Return the mask (height, width) bool of runs of 0 and 1 in turn along its rows, as CVAT writes; None of other text."""
    runs = [whole(run.strip()) for run in text.split(",")]
    known = [run for run in runs if run is not None]
    if len(known) < len(runs) or min(width, height) < 1 or height * width > MOST or sum(known) != height * width:
        return None
    return np.repeat(np.arange(len(known)) % 2 == 1, known).reshape(height, width)


def unpack(text: str) -> list[int]:
    """Return the runs that a string packs."""
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs
