"""Framing: the part of an image that a network is shown at its own size, and the way of points there and back.

A part keeps its proportions: its longer side becomes as long as the network's, and beside the shorter one is nothing.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from zoo.errors import ZooError
from zoo.geometry.tiles import fitted

#: A box is shown with this much around it, as in Xiao et al. 2018, https://arxiv.org/abs/1804.06208, section 3.
AROUND = 1.25


class Frame(NamedTuple):
    """A window of an image (x, y, width, height in whole pixels) that is seen `scaled` at an offset in a square of `size`."""

    window: tuple[int, int, int, int]
    scaled: tuple[int, int]
    offset: tuple[int, int]
    size: int

    @property
    def factors(self) -> np.ndarray:
        """Pixels that are seen for one of the image, across and down (2,): the same but for what is rounded."""
        return np.array(self.scaled, np.float64) / np.array(self.window[2:], np.float64)

    def to_seen(self, points: np.ndarray) -> np.ndarray:
        """Return points (..., 2) of the image in pixels of what is seen."""
        return (points - np.array(self.window[:2])) * self.factors + np.array(self.offset)

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Return points (..., 2) of what is seen in pixels of the image."""
        return (points - np.array(self.offset)) / self.factors + np.array(self.window[:2])

    def show(self, pixels: Tensor) -> Tensor:
        """Return the window's pixels (C, h, w) as they are seen (C, size, size); smaller by the mean of what lies under one."""
        width, height = self.scaled
        seen = interpolate(pixels[None], (height, width), mode="bilinear", align_corners=False, antialias=True)
        left, top = self.offset
        return pad(seen[0].clamp_(0, 1), (left, self.size - left - width, top, self.size - top - height))


def frame_of(width: int, height: int, size: int, box: np.ndarray | None = None) -> Frame:
    """Return how an image, or what is around a box (4,) xyxy in it, is shown in a square of `size` pixels."""
    x, y, right, bottom = (0, 0, width, height) if box is None else enlarged(box, width, height)
    scaled = fitted(right - x, bottom - y, size)
    offset = ((size - scaled[0]) // 2, (size - scaled[1]) // 2)
    return Frame((x, y, right - x, bottom - y), scaled, offset, size)


def enlarged(box: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box (4,) xyxy with what is around it, in whole pixels of the image; one beside the image is refused."""
    centre, half = (box[:2] + box[2:]) / 2, AROUND * (box[2:] - box[:2]) / 2
    low, high = np.floor(centre - half).clip(0), np.minimum(np.ceil(centre + half), (width, height))
    if not np.isfinite(box).all() or (high - low < 1).any():
        raise ZooError(f"the box {np.round(box, 1).tolist()} shows nothing of an image of {width} × {height} pixels")
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def to_image(frames: list[Frame], keypoints: Tensor) -> Tensor:
    """Return keypoints (B, N, J, 3) of what is seen in pixels of their images, each by its frame."""
    moved = [
        torch.from_numpy(frame.to_image(one[..., :2].double().numpy()))
        for frame, one in zip(frames, keypoints, strict=True)
    ]
    return torch.cat((torch.stack(moved).float(), keypoints[..., 2:].float()), dim=-1)
