"""Boxes of a scene, axis-aligned or rotated: centres, hulls, and how much of each lies inside a window.

Axis-aligned boxes are (N, 4) as x1, y1, x2, y2; rotated ones (N, 5) as centre x, centre y, width, height and degrees
counter-clockwise, torchvision's CXCYWHR. All in pixels.
"""

import numpy as np
import torch
from torchvision.tv_tensors import BoundingBoxes

from recipes.imagery.scene import Window
from zoo.geometry import box_geometry

#: An object cut by the edge of a crop stays when at least this share of it is inside; else it would teach half objects.
VISIBLE = 0.4
#: An edge that rises by less than this is level, pixels; its mean height is then its height.
LEVEL = 1e-6


def moved(boxes: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return boxes (N, 4 or 5) in the coordinates of a window whose left upper corner is (x, y)."""
    shift = (x, y, x, y) if boxes.shape[1] == 4 else (x, y, 0, 0, 0)
    return boxes - np.array(shift, np.float32)


def scaled(boxes: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return boxes (N, 4 or 5) in a picture that is scaled by x and y, which are alike but for what is rounded."""
    mean = (x * y) ** 0.5
    return boxes * np.array((x, y, x, y) if boxes.shape[1] == 4 else (x, y, mean, mean, 1.0), np.float32)


def as_hulls(boxes: np.ndarray) -> np.ndarray:
    """Return the axis-aligned boxes (N, 4) float32 around boxes (N, 4 or 5)."""
    if boxes.shape[1] == 4:
        return boxes
    return box_geometry.hulls(box_geometry.corners(boxes)).astype(np.float32)


def areas_inside(corners: np.ndarray, width: float, height: float) -> np.ndarray:
    """Return the area (N,) of the part of each outline (N, 4, 2) that lies inside [0, width] × [0, height].

    Exact for every simple polygon: the integral along its border of the height above the lower side, cut at both sides.
    """
    begin, end = corners, np.roll(corners, -1, axis=1)
    run, rise = (end - begin)[..., 0], (end - begin)[..., 1]
    slope = np.divide(rise, run, out=np.zeros_like(rise), where=run != 0)
    left, right = (point[..., 0].clip(0, width) for point in (begin, end))  # an edge beyond the sides spans nothing
    low, high = (begin[..., 1] + slope * (x - begin[..., 0]) for x in (left, right))
    climb = high - low
    level = np.abs(climb) < LEVEL
    within, over = ([y.clip(*limits) for y in (low, high)] for limits in ((0, height), (height, None)))
    # differences of heights, not of their squares: those of an edge that is nearly level would have lost their last digits
    below = (within[0] + within[1]) / 2 * (within[1] - within[0]) + height * (over[1] - over[0])
    mean = np.where(level, ((low + high) / 2).clip(0, height), below / np.where(level, 1, climb))
    return np.abs((mean * (right - left)).sum(axis=1))


def visible(boxes: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes of which enough is inside a window, in its pixels, and which they are (N,) bool.

    Axis-aligned boxes are cut to the window; a rotated box stays whole, since its visible part is no such box.
    """
    x, y, width, height = window
    near = np.flatnonzero(reaching(boxes, window))
    inside = moved(boxes[near], x, y)
    if boxes.shape[1] == 4:
        cut = np.clip(inside, 0, np.array([width, height, width, height], np.float32))
        area, left = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (inside, cut))
    else:
        cut, area = inside, inside[:, 2] * inside[:, 3]
        left = areas_inside(box_geometry.corners(inside), width, height)
    enough = left > VISIBLE * area
    kept = np.zeros(len(boxes), bool)
    kept[near[enough]] = True
    return cut[enough].astype(np.float32), kept


def reaching(boxes: np.ndarray, window: Window) -> np.ndarray:
    """Say, bool (N,), which boxes may reach into a window: of rotated ones the circle around them does."""
    low, high = np.array(window[:2]), np.array(window[:2]) + window[2:]
    if boxes.shape[1] == 4:
        return ((boxes[:, 2:] > low) & (boxes[:, :2] < high)).all(axis=1)
    radius = np.hypot(boxes[:, 2:3], boxes[:, 3:4]) / 2 + 1  # a pixel for what is rounded
    return ((boxes[:, :2] + radius > low) & (boxes[:, :2] - radius < high)).all(axis=1)


def as_tensor(boxes: np.ndarray, height: int, width: int) -> BoundingBoxes:
    """Return boxes (N, 4 or 5) as torchvision's transforms take them.

    Rotated ones are never clamped: torchvision would shrink a box that reaches over the edge and move its centre.
    """
    tensor = torch.from_numpy(np.ascontiguousarray(boxes, np.float32))
    if boxes.shape[1] == 4:
        return BoundingBoxes(tensor, format="XYXY", canvas_size=(height, width))
    return BoundingBoxes(tensor, format="CXCYWHR", canvas_size=(height, width), clamping_mode=None)
