"""Shape: flips, turns, crops and zooms, of the image with all that belongs to it."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import box_iou
from torchvision.transforms import v2

from recipes.imagery.augment.objects import moved_keypoints, warped
from recipes.imagery.boxes import as_hulls
from recipes.imagery.transform import Sample, Transform


class HorizontalFlip(Transform):
    """Mirrors half of the images left to right: right for pictures taken upright."""

    def forward(self, sample: Sample) -> Sample:
        """Mirror the image (C, S, S) with all that belongs to it."""
        return mirrored(sample, 0.5)


class Symmetries(Transform):
    """One of the eight symmetries of the square, all alike: what is seen from above has no up."""

    def forward(self, sample: Sample) -> Sample:
        """Turn and mirror the image (C, S, S) with all that belongs to it."""
        turn, mirror = int(torch.randint(4, ())), bool(torch.randint(2, ()))
        return mirrored(turned(sample, turn)) if mirror else turned(sample, turn)


def mirrored(sample: Sample, probability: float = 1.0) -> Sample:
    """Mirror the image (C, S, S) left to right with a probability, with all that belongs to it."""
    changed: Sample = v2.RandomHorizontalFlip(probability)(sample)
    if changed is sample:  # torchvision gives back what it does not change
        return sample
    map_ = torch.tensor([[-1.0, 0.0, sample["image"].shape[-1]], [0.0, 1.0, 0.0]])
    return {**changed, **moved_keypoints(sample, map_)}


def turned(sample: Sample, quarters: int) -> Sample:
    """Turn the image (C, S, S) by quarters counter-clockwise, with all that belongs to it."""
    map_ = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, sample["image"].shape[-1]]])
    for _ in range(quarters):
        sample = {**sample, **moved_keypoints(sample, map_)}
    return v2.RandomRotation((90 * quarters, 90 * quarters))(sample) if quarters else sample


class Jitter(Transform):
    """Turns by any angle in ± `degrees`, scales by e^±`scale`, and moves by any share in ± `shift` of the side; keeps the size.

    As keypoints are trained (Xiao et al. 2018, https://arxiv.org/abs/1804.06208, section 3); what comes into view is 0.
    """

    def __init__(self, degrees: float = 30.0, scale: float = 0.25, shift: float = 0.05) -> None:
        super().__init__()
        self.degrees, self.scale, self.shift = degrees, scale, shift

    def forward(self, sample: Sample) -> Sample:
        """Move the image (C, S, S) with all that belongs to it."""
        size = sample["image"].shape[-1]
        turn, zoom, *move = (2 * torch.rand(4) - 1).tolist()
        angle, factor = math.radians(self.degrees * turn), math.exp(self.scale * zoom)
        cos, sin = factor * math.cos(angle), factor * math.sin(angle)
        linear, middle = torch.tensor([[cos, sin], [-sin, cos]]), torch.full((2,), size / 2)
        shift = middle + self.shift * size * torch.tensor(move) - linear @ middle
        return warped(sample, torch.cat((linear, shift[:, None]), dim=1), size)


class FreeRotation(Transform):
    """Turns by any angle in ± `degrees` and cuts out the middle.

    The sample that it takes is larger by `margin`, so that the turned image has no empty corners.
    """

    margin = math.sqrt(2)

    def __init__(self, degrees: float = 180.0) -> None:
        super().__init__()
        self.degrees = degrees

    def forward(self, sample: Sample) -> Sample:
        """Turn the image (C, S, S) with all that belongs to it; gives (C, S / margin, S / margin)."""
        side = sample["image"].shape[-1]
        size = round(side / self.margin)
        angle = math.radians(self.degrees * (2 * float(torch.rand(())) - 1))
        cos, sin = math.cos(angle), math.sin(angle)
        middle, half = side / 2, size / 2
        linear = torch.tensor([[cos, sin], [-sin, cos]])  # counter-clockwise as seen, since y points down
        shift = half - linear @ torch.tensor([middle, middle])
        return warped(sample, torch.cat((linear, shift[:, None]), dim=1), size)


class IoUCrop(Transform):
    """SSD's sampler: a part of the image in which some object is seen with at least a drawn IoU, scaled to the whole.

    Liu et al. 2016, https://arxiv.org/abs/1512.02325, section 2.2: the least IoU is one of `least`, 0 for any part; sides
    of 0.3 to 1 of the image's, proportions of 1/2 to 2. For rotated boxes the part is a square, since a rotated box that is
    stretched is no box any more. With a mask, and without objects, any part will do.
    """

    def __init__(
        self,
        least: Sequence[float] = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9),
        smallest: float = 0.3,
        proportions: float = 2.0,
        attempts: int = 40,
        probability: float = 0.85,
    ) -> None:
        super().__init__()
        self.least, self.smallest, self.proportions = tuple(least), smallest, proportions
        self.attempts, self.probability = attempts, probability

    def forward(self, sample: Sample) -> Sample:
        """Crop the image (C, S, S) and scale the part to (C, S, S), with all that belongs to it."""
        if float(torch.rand(())) >= self.probability:
            return sample
        size = sample["image"].shape[-1]
        boxes: Tensor | None = sample["boxes"].as_subclass(Tensor) if "boxes" in sample else None
        least = self.least[int(torch.randint(len(self.least), ()))]
        hulls = None if boxes is None or not len(boxes) else torch.from_numpy(as_hulls(boxes.numpy()))
        for _ in range(self.attempts):
            part = size * self.part(boxes is not None and boxes.shape[1] == 5)  # (4,) xyxy
            if hulls is None or float(box_iou(hulls, part[None]).max()) >= least or shown(hulls, part, least):
                scale = size / (part[2:] - part[:2])
                return warped(sample, torch.cat((torch.diag(scale), -(scale * part[:2])[:, None]), dim=1), size)
        return sample

    def part(self, square: bool) -> Tensor:
        """Draw a part (4,) xyxy of the unit square."""
        room = torch.rand(4)
        side = self.smallest + (1 - self.smallest) * room[0]
        stretch = 1.0 if square else math.sqrt(self.proportions) ** (2 * float(room[1]) - 1)
        sides = (side * torch.tensor([stretch, 1 / stretch])).clamp(max=1.0)
        corner = room[2:] * (1 - sides)
        return torch.cat((corner, corner + sides))


def shown(hulls: Tensor, part: Tensor, least: float) -> bool:
    """Tell whether at least the share `least` of some object (N, 4) lies in a part: small objects never reach an IoU."""
    low, high = torch.maximum(hulls[:, :2], part[:2]), torch.minimum(hulls[:, 2:], part[2:])
    inside = (high - low).clamp(min=0).prod(dim=1)
    return bool((inside >= least * (hulls[:, 2:] - hulls[:, :2]).prod(dim=1)).any())


class ZoomOut(Transform):
    """Shrinks the image by up to `most` and lays it anywhere on an empty one: SSD's way to more small objects.

    Fu et al. and Liu et al. 2016, https://arxiv.org/abs/1512.02325, section 3.6, where it brings 2 to 3 points.
    """

    def __init__(self, most: float = 2.0, probability: float = 0.5) -> None:
        super().__init__()
        self.most, self.probability = most, probability

    def forward(self, sample: Sample) -> Sample:
        """Shrink the image (C, S, S) with all that belongs to it."""
        chance, strength, *where = torch.rand(4).tolist()
        if chance >= self.probability:
            return sample
        size = sample["image"].shape[-1]
        scale = 1 / (1 + (self.most - 1) * strength)
        shift = torch.tensor(where) * size * (1 - scale)
        return warped(sample, torch.cat((scale * torch.eye(2), shift[:, None]), dim=1), size)
