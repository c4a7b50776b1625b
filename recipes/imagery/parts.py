"""Parts of scenes: a window of the pixels, in [0, 1] and padded, and the same window of the mask."""

from typing import NamedTuple

import numpy as np

from recipes.imagery import images
from recipes.imagery.images import Values
from recipes.imagery.rasters import RASTERS
from recipes.imagery.resizing import RESIZED, scale_mask
from recipes.imagery.scene import Scene, Window
from zoo.errors import ZooError
from zoo.segmentation import IGNORED

#: Pixels along the side of the windows in which data are looked for.
LOOKED_AT = 1024


class Part(NamedTuple):
    """A window of a scene: float32 (C, H, W) in [0, 1], padded where it lies outside.

    `window` is the part of the scene that is there, `left` and `top` the padding before it in pixels; `valid` (h, w) bool of
    it says where there is data, None everywhere.
    """

    image: np.ndarray
    window: Window
    valid: np.ndarray | None
    left: int = 0
    top: int = 0


def read_part(scene: Scene, wanted: Window, values: Values, mirrored: bool = False) -> Part:
    """Read a window, in pixels of the scene; only its pixels are read from the file.

    Beyond the scene are zeros, or the scene `mirrored`, for who must not see an edge that is not there. Of a scene that is
    seen scaled the whole is read.
    """
    if scene.seen is not None:
        window = there(scene, wanted)
        image, valid = (
            images.cut(pixels, window) if pixels is not None else None for pixels in RESIZED.get(scene, values)
        )
        assert image is not None
        return padded(image, window, valid, wanted, mirrored)
    return part_of(scene, wanted, read_pixels(scene, wanted), read_shown(scene, wanted), values, mirrored)


def there(scene: Scene, wanted: Window) -> Window:
    """Return the part of a window that lies in the scene."""
    x, y, width, height = wanted
    left, top = max(0, x), max(0, y)
    return left, top, min(x + width, scene.width) - left, min(y + height, scene.height) - top


def read_pixels(scene: Scene, wanted: Window) -> np.ndarray:
    """Read what is there of a window (C, h, w), as it is in the file."""
    return images.read(scene.path, in_file(scene, there(scene, wanted)), scene.bands)


def read_shown(scene: Scene, wanted: Window) -> np.ndarray | None:
    """Return where the file says that there is data in what is there of a window, bool (h, w); None everywhere."""
    return images.read_validity(scene.path, in_file(scene, there(scene, wanted)), scene.bands)


def in_file(scene: Scene, window: Window) -> Window:
    """Return a window of the scene in pixels of its file."""
    x, y, width, height = window
    return scene.window[0] + x, scene.window[1] + y, width, height


def part_of(
    scene: Scene,
    wanted: Window,
    read: np.ndarray,
    shown: np.ndarray | None,
    values: Values,
    mirrored: bool = False,
) -> Part:
    """Return the part that `read_part` does, of pixels that `read_pixels` has read, and `read_shown` what of them is data."""
    pixels, valid = images.interpreted(scene.path, read, values, shown)
    return padded(pixels, there(scene, wanted), valid, wanted, mirrored)


def padded(pixels: np.ndarray, window: Window, valid: np.ndarray | None, wanted: Window, mirrored: bool) -> Part:
    """Return the part of a `wanted` window of which the `pixels` (C, h, w) of a smaller one are there."""
    if window == wanted:
        return Part(pixels, window, valid)
    left, top = window[0] - wanted[0], window[1] - wanted[1]
    right, bottom = wanted[2] - window[2] - left, wanted[3] - window[3] - top
    image = np.pad(pixels, ((0, 0), (top, bottom), (left, right)), mode="symmetric" if mirrored else "constant")
    return Part(image, window, valid, left, top)


def refuse_empty(scene: Scene, values: Values) -> None:
    """Raise a ZooError where no pixel of a scene has data, or its raster ends before its last pixel.

    Of a scene that has data little is read: the last pixel, then blocks from the middle on until one has data.
    """
    if scene.path.suffix.lower() not in RASTERS:
        return  # pictures have no nodata, and to look at their end is to decode the whole
    blocks = [(x, y) for y in range(0, scene.height, LOOKED_AT) for x in range(0, scene.width, LOOKED_AT)]
    blocks.sort(key=lambda at: abs(2 * at[0] + LOOKED_AT - scene.width) + abs(2 * at[1] + LOOKED_AT - scene.height))
    windows = [(x, y, min(LOOKED_AT, scene.width - x), min(LOOKED_AT, scene.height - y)) for x, y in blocks]
    if any(has_data(scene, window, values) for window in ((scene.width - 1, scene.height - 1, 1, 1), *windows)):
        return
    raise ZooError(
        f"scene {scene.name} ({scene.path}) holds nothing but nodata or NaN; remove it, or correct data.nodata"
    )


def has_data(scene: Scene, window: Window, values: Values) -> bool:
    """Say whether a pixel of a window, in pixels of the scene, has data in one band at least."""
    placed = in_file(scene, window)
    missing = images.absent(images.read(scene.path, placed, scene.bands), values.nodata_of(scene.path))
    shown = images.read_validity(scene.path, placed, scene.bands)
    if missing is None or shown is None:
        return bool(shown.any()) if shown is not None else missing is None or not missing.all()
    return bool((shown & ~missing.all(axis=0)).any())


def cut_mask(scene: Scene, part: Part) -> np.ndarray:
    """Return the mask (H, W) uint8 of a part: 255 where it is padded and where there is no data."""
    mask = np.full(part.image.shape[1:], IGNORED, np.uint8)
    width, height = part.window[2:]
    known = mask[part.top : part.top + height, part.left : part.left + width]
    known[:] = mask_of(scene, part.window)
    if part.valid is not None:
        known[~part.valid] = IGNORED
    return mask


def mask_of(scene: Scene, window: Window) -> np.ndarray:
    """Return a window of the scene's mask (h, w) uint8, from memory or from its file."""
    x, y, width, height = window
    if scene.mask is not None:
        return scene.mask[y : y + height, x : x + width]
    if scene.mask_file is None:
        raise ZooError(f"scene {scene.name} has no mask; segmentation needs one")
    if scene.seen is not None:
        return images.cut(scale_mask(images.read(scene.mask_file, scene.window)[0], scene.seen), window)
    return images.read(scene.mask_file, in_file(scene, window))[0]
