"""Images of floats whose numbers would be cut unseen: outside [0, 1] without a range, or nodata that nothing declares."""

from collections.abc import Sequence

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.imagery import images
from recipes.imagery.images import Values
from recipes.imagery.rasters import OPEN, RASTERS, open_raster
from zoo.errors import ZooError


def refuse_strange_floats(found: Sequence[ImageAnnotation], values: Values) -> None:
    """Refuse images of floats that the range or the nodata of `values` does not fit; each is read block by block."""
    for image in found:
        if image.facts is None or not image.facts.dtype.startswith("float") or image.path.suffix.lower() not in RASTERS:
            continue
        low, high, sentinel = extremes(image, values)
        if sentinel is not None:
            raise ZooError(
                f"image {image.name} holds {sentinel:g}, which looks like nodata that the file does not declare; set "
                f"data.nodata={sentinel:g}"
            )
        if values.value_range is None and (low < 0 or high > 1):
            raise ZooError(
                f"image {image.name} holds floats from {low:g} to {high:g}, and only 0 to 1 is known without a range; "
                f"set data.value_range=[{low:g},{high:g}]"
            )


def extremes(image: ImageAnnotation, values: Values) -> tuple[float, float, float | None]:
    """Return the least and the greatest measurement of an image, and a value that looks like nodata, if any."""
    nodata = values.nodata if values.nodata is not None else OPEN.nodata(image.path)
    low, high = np.inf, -np.inf
    with open_raster(image.path) as raster:
        for _, window in raster.block_windows(1):
            block = raster.read(window=window)
            missing = images.absent(block, nodata)
            there = block[np.isfinite(block) & ~missing] if missing is not None else block
            if there.size:
                low, high = min(low, float(there.min())), max(high, float(there.max()))
    return (low, high, images.sentinel(low, high)) if low <= high else (0.0, 0.0, None)
