"""Whether the numbers of an image are those that a model knows: of another range it would find nothing, and say nothing."""

import numpy as np

from recipes.imagery import images
from recipes.imagery.images import RANGES, Values, facts, is_raster
from recipes.imagery.rasters import OPEN
from recipes.imagery.scene import Scene
from zoo.errors import ZooError

#: Pixels along a side that are looked at.
LOOKED_AT = 512
#: An image of which nearly all is below this share of the range is nearly black to the model.
DARK = 1 / 8
#: What GDAL calls types.
NAMES = {"uint8": "Byte", "uint16": "UInt16", "int16": "Int16", "float32": "Float32"}


def refuse_other_range(scene: Scene, values: Values, trained: str) -> None:
    """Refuse an image whose values are cut or nearly black by the range of a model that was `trained` on a type of numbers."""
    kind = facts(scene.path).dtype
    if kind == trained == "uint8" and values.value_range is None:
        return
    low, high = values.value_range or RANGES.get(kind, (0.0, 1.0))
    there = sample(scene, values)
    if not there.size or there.min() == there.max():
        return
    middle, most = np.quantile(there, (0.5, 0.98))
    black = kind != trained and (most - low) / (high - low) < DARK
    if black or middle > high:
        known = values.value_range or RANGES.get(trained, (0.0, 1.0))
        what = "nearly black to the model" if black else "cut"
        raise ZooError(
            f"image {scene.path} holds {kind} values from {there.min():g} to {there.max():g}, and the model was trained on "
            f"{trained} from {known[0]:g} to {known[1]:g}, so that they would be {what}; convert it first: gdal_translate "
            f"-ot {NAMES.get(trained, trained)} -scale {there.min():g} {there.max():g} {known[0]:g} {known[1]:g}"
        )


def sample(scene: Scene, values: Values) -> np.ndarray:
    """Return measurements (N,) of an image, evenly over it: of a raster as few pixels are read as can be."""
    step = max(1, round(max(scene.width, scene.height) / LOOKED_AT))
    if is_raster(scene.path):
        raster = OPEN.get(scene.path)
        shape = (max(1, scene.height // step), max(1, scene.width // step))
        bands = [band + 1 for band in (scene.bands or range(facts(scene.path).bands))]
        pixels = raster.read(bands, out_shape=(len(bands), *shape))
        valid = (raster.read_masks(1, out_shape=shape) > 0)[None] & np.ones(pixels.shape, bool)
    else:
        pixels = images.read(scene.path, None, scene.bands)[:, ::step, ::step]
        shown = images.read_validity(scene.path, None, scene.bands)
        valid = (
            np.ones(pixels.shape, bool) if shown is None else shown[None, ::step, ::step] & np.ones(pixels.shape, bool)
        )
    missing = images.absent(pixels, values.nodata_of(scene.path))
    return pixels[valid & np.isfinite(pixels) & (True if missing is None else ~missing)].astype(np.float64)
