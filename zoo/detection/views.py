"""Views: predictions of one image averaged over the symmetries of the square, because from above there is no upright.

What a point predicts from a flipped or turned image is brought back to the point of the image as it is, and logits and
codes are averaged before boxes are decoded. Two views take twice the time, eight take eight times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, cat, compiler

from zoo.detection.geometry import Geometry
from zoo.errors import ZooError

Prediction = tuple[Tensor, Tensor, Tensor, Tensor]  # points (P, 2), strides (P,), logits (B, P, K), codes (B, P, F)


@dataclass(frozen=True)
class View:
    """One symmetry of the square: transposed first, then mirrored left to right, then top to bottom."""

    transpose: bool
    mirror: bool
    flip: bool

    def show(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) as this view has them; H and W change places where it is transposed."""
        images = images.transpose(2, 3) if self.transpose else images
        images = images.flip(3) if self.mirror else images
        return images.flip(2) if self.flip else images

    def undo(self, values: Tensor, sizes: Sequence[tuple[int, int]]) -> Tensor:
        """Values (B, P, F) of this view's points, in the order of the points of the image whose maps have `sizes` (H, W)."""
        parts, start = [], 0
        for height, width in sizes:
            shape = (width, height) if self.transpose else (height, width)
            part = values[:, start : start + height * width].unflatten(1, shape)  # (B, H, W, F) of the view
            part = part.flip(1) if self.flip else part
            part = part.flip(2) if self.mirror else part
            part = part.transpose(1, 2) if self.transpose else part
            parts.append(part.flatten(1, 2))
            start += height * width
        return cat(parts, dim=1)


SQUARE = [View(t, m, f) for t in (False, True) for m in (False, True) for f in (False, True)]
VIEWS = {1: SQUARE[:1], 2: [SQUARE[0], SQUARE[3]], 4: SQUARE[:4], 8: SQUARE}  # 2: as it is and upside down


def views_named(count: int) -> list[View]:
    """The symmetries that are averaged when `count` are asked for; a ZooError lists the counts there are."""
    if count not in VIEWS:
        raise ZooError(f"views={count} is none of {', '.join(map(str, VIEWS))}, the numbers of symmetries of an image")
    return VIEWS[count]


def average_views(
    predict: Callable[[Tensor], Prediction], geometry: Geometry, images: Tensor, strides: Sequence[int], count: int
) -> Prediction:
    """The prediction for images (B, C, H, W), H and W divisible by all `strides`, averaged over `count` views."""
    height, width = images.shape[-2:]
    sizes = [(height // stride, width // stride) for stride in strides]
    if compiler.is_exporting() and height == width and count > 1:
        return average_at_once(predict, geometry, images, sizes, views_named(count))
    first, *others = views_named(count)
    points, steps, logits, codes = predict(first.show(images))
    for view in others:
        _, _, more_logits, more_codes = predict(view.show(images))
        logits = logits + view.undo(more_logits, sizes)
        codes = codes + geometry.reflect(view.undo(more_codes, sizes), view.transpose, view.mirror, view.flip)
    return points, steps, logits / count, codes / count


def average_at_once(
    predict: Callable[[Tensor], Prediction],
    geometry: Geometry,
    images: Tensor,
    sizes: Sequence[tuple[int, int]],
    views: Sequence[View],
) -> Prediction:
    """The same for square images whose views are one batch: so a graph that is exported holds the network once."""
    points, steps, logits, codes = predict(cat([view.show(images) for view in views]))
    logits, codes = (values.unflatten(0, (len(views), -1)) for values in (logits, codes))
    seen = [view.undo(logits[i], sizes) for i, view in enumerate(views)]
    told = [
        geometry.reflect(view.undo(codes[i], sizes), view.transpose, view.mirror, view.flip)
        for i, view in enumerate(views)
    ]
    return points, steps, sum(seen[1:], seen[0]) / len(views), sum(told[1:], told[0]) / len(views)
