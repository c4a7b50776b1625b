"""Whole pictures scaled to the size that a model is made for: their pixels, boxes and masks, as `data.resize` asks for.

A picture keeps its proportions: its longer side becomes as long as is asked, and what is left of the square is padding.
"""

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import torch
from torch.nn.functional import interpolate

from recipes.imagery import images
from recipes.imagery.boxes import scaled
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from zoo.geometry.tiles import fitted

#: A float32 image (C, H, W) in [0, 1], and where it has data, bool (H, W), None for everywhere.
Seen = tuple[np.ndarray, np.ndarray | None]


def resized(scene: Scene, side: int) -> Scene:
    """Return a scene as it is seen when its longer side is `side` pixels, with its boxes and its mask."""
    size = fitted(scene.width, scene.height, side)
    factors = size[0] / scene.width, size[1] / scene.height
    return replace(
        scene,
        seen=size,
        boxes=scaled(scene.boxes, *factors),
        mask=None if scene.mask is None else scale_mask(scene.mask, size),
    )


def scale_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a mask (H, W) at another width and height: each pixel is that which lies under its centre."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(size[::-1], mask.shape, strict=True)
    )
    return np.ascontiguousarray(mask[np.ix_(rows, columns)])


def scale_image(image: np.ndarray, valid: np.ndarray | None, size: tuple[int, int]) -> Seen:
    """Return an image (C, H, W) and where it has data at another width and height, smoothed where it becomes smaller.

    What is no data, 0 in the image, does not darken what lies beside it; a pixel has data where most under it have.
    """
    pixels = _scale(image, size)
    if valid is None:
        return pixels, None
    share = _scale(valid[None].astype(np.float32), size)
    there = share[0] >= 0.5
    return np.where(there, pixels / np.maximum(share, 0.5), 0).clip(0, 1).astype(np.float32), there


def _scale(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    pixels = torch.from_numpy(np.ascontiguousarray(image))[None]
    return interpolate(pixels, size[::-1], mode="bilinear", align_corners=False, antialias=True)[0].numpy()


class ResizedPictures:
    """Scaled pictures, the last used kept: each crop of one would scale the whole anew."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self.held = OrderedDict[tuple[object, ...], Seen]()

    def get(self, scene: Scene, values: Values) -> Seen:
        """Return the image of a scene that is `seen` scaled."""
        assert scene.seen is not None
        key = (scene.path, scene.window, scene.bands, scene.seen, values)
        if key not in self.held:
            self.held[key] = scale_image(*images.measured(scene.path, scene.window, scene.bands, values), scene.seen)
            self.bytes += self.held[key][0].nbytes
            while self.bytes > self.most_bytes and len(self.held) > 1:
                self.bytes -= self.held.popitem(last=False)[1][0].nbytes
        self.held.move_to_end(key)
        return self.held[key]


RESIZED = ResizedPictures(most_bytes=768 * 1024**2)
