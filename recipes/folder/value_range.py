"""The range of the values of images that use a small part of their type: read off them, or refused where nobody can tell."""

from collections.abc import Sequence

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.pixels import DARK, value_range
from recipes.imagery.images import RANGES, Values
from zoo.errors import ZooError

#: Types that often hold fewer bits than they could.
SIXTEEN = ("uint16", "int16")


def read_range(images: Sequence[ImageAnnotation], values: Values) -> tuple[tuple[float, float] | None, list[str]]:
    """Return the range that becomes [0, 1] where the values use a small part of 16 bits, and a note; else None.

    It is that of the fewest bits that hold them all. Images of other types beside them are refused: they have another range.
    """
    found = [image for image in images if image.facts is not None and image.facts.dtype in SIXTEEN]
    if values.value_range is not None or not found:
        return None, []
    lows, highs = zip(*(value_range(image.path, values.nodata) for image in found), strict=True)
    if np.isnan(lows).all():
        return None, []
    low, high = float(np.nanmin(lows)), float(np.nanmax(highs))
    kind = found[0].facts.dtype if found[0].facts else ""
    way_out = f"set data.value_range=[{low:g},{high:g}], or data.nodata=VALUE where that is no measurement"
    if low < 0:
        raise ZooError(
            f"images hold {kind} values from {low:g} to {high:g}, and those below 0 would be lost; {way_out}"
        )
    if high >= RANGES[kind][1] * DARK:
        return None, []
    others = next((image for image in images if image.facts is not None and image.facts.dtype not in SIXTEEN), None)
    if others is not None:
        raise ZooError(
            f"{found[0].name} holds {kind} values up to {high:g} only, and {others.name} is of another type, so that no range "
            f"fits both; convert one of them, or {way_out}"
        )
    top = float(2 ** max(8, int(high).bit_length()) - 1)
    note = f"images use {low:g} to {high:g} of {kind}: data.value_range=[0,{top:g}] was read off them"
    return (0.0, top), [note]
