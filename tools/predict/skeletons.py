"""Skeletons drawn over pictures: lines between keypoints, a colour each individual, and the keypoints upon them."""

import numpy as np
from PIL import Image, ImageDraw

from zoo.pose.answers import Poses
from zoo.pose.skeleton import Skeleton

#: Okabe and Ito's colours, which colour-blind readers can tell apart, one an individual and then again from the first.
COLOURS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0))
POINT = (255, 255, 255)
#: Pixels of a picture's longer side for one of a line's width.
THIN = 250


def draw(
    pixels: np.ndarray, poses: Poses, skeleton: Skeleton, score: float, numbers: list[int] | None = None
) -> np.ndarray:
    """Return a picture uint8 (H, W, 3) with the keypoints of at least a `score`; `numbers` choose the colours."""
    picture = Image.fromarray(pixels)
    canvas, width = ImageDraw.Draw(picture), max(1, round(max(pixels.shape) / THIN))
    for place, points in enumerate(poses.keypoints):
        colour = COLOURS[(place if numbers is None else numbers[place] - 1) % len(COLOURS)]
        shown = points[:, 2] >= score
        for a, b in skeleton.numbered_edges:
            if shown[a] and shown[b]:
                canvas.line([*points[a, :2].tolist(), *points[b, :2].tolist()], fill=colour, width=width)
        for x, y in points[shown, :2].tolist():
            canvas.ellipse([x - width, y - width, x + width, y + width], fill=POINT, outline=colour)
    return np.asarray(picture)
