"""Mixing: images made of several training samples. The others come from the training split alone."""

import torch
from torch import Tensor
from torchvision.tv_tensors import Image, Mask

from recipes.imagery.augment.objects import joined, within
from recipes.imagery.boxes import as_hulls, as_tensor, visible
from recipes.imagery.transform import Sample, Transform
from zoo.segmentation import IGNORED


class Mosaic(Transform):
    """Four samples around a drawn point, each at its own scale, in a share `probability` of the images.

    Bochkovskiy et al. 2020, https://arxiv.org/abs/2004.10934. Each quarter shows the part of its sample that lies there, so
    that objects keep their size: four samples in the room of one show objects beside what they never lie beside.
    """

    def __init__(self, probability: float = 0.5) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, sample: Sample) -> Sample:
        """Lay parts of three others around the image (C, S, S)."""
        if float(torch.rand(())) >= self.probability:
            return sample
        size = sample["image"].shape[-1]
        x, y = ((0.25 + 0.5 * torch.rand(2)) * size).round().int().tolist()
        samples = [sample, *(sample["others"].draw() for _ in range(3))]
        quarters = [(0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size)]
        return {**sample, **composed(samples, quarters, size)}


def composed(samples: list[Sample], quarters: list[tuple[int, int, int, int]], size: int) -> Sample:
    """Return an image of parts (x0, y0, x1, y1) of samples, each in its own place, with the objects or masks seen there."""
    image = torch.zeros_like(samples[0]["image"].as_subclass(Tensor))
    made: Sample = {}
    if "mask" in samples[0]:
        made["mask"] = Mask(torch.full_like(samples[0]["mask"].as_subclass(Tensor), IGNORED))
    parts = []
    for sample, (x0, y0, x1, y1) in zip(samples, quarters, strict=True):
        image[:, y0:y1, x0:x1] = sample["image"].as_subclass(Tensor)[:, y0:y1, x0:x1]
        if "mask" in made:
            made["mask"][y0:y1, x0:x1] = sample["mask"][y0:y1, x0:x1]
        else:
            parts.append(seen_in(sample, (x0, y0, x1, y1), size))
    return {"image": Image(image), **made, **(joined(parts, size) if parts else {})}


def seen_in(sample: Sample, quarter: tuple[int, int, int, int], size: int) -> Sample:
    """Return the objects of a sample that are seen in a part of it, in pixels of the whole."""
    x0, y0, x1, y1 = quarter
    boxes, kept = visible(sample["boxes"].as_subclass(Tensor).numpy(), (x0, y0, x1 - x0, y1 - y0))
    shift = torch.tensor([x0, y0, x0, y0] if boxes.shape[1] == 4 else [x0, y0, 0, 0, 0], dtype=torch.float32)
    each: Sample = {key: sample[key][torch.from_numpy(kept)] for key in ("labels", "difficult") if key in sample}
    return {"boxes": as_tensor((torch.from_numpy(boxes) + shift).numpy(), size, size), **each}


class CopyPaste(Transform):
    """Copies up to `most` objects of another sample, rare classes more often, to where they lay there, if nothing is there.

    Ghiasi et al. 2021, https://arxiv.org/abs/2012.07177, whose finding is that edges need no blending. Objects are cut out
    by their (rotated) box; of a mask, the pixels of one class are. Half of the other samples lie around an object of a class
    that is drawn with the same chance as every other, so rare ones come more often than they are.
    """

    def __init__(self, most: int = 4, probability: float = 0.5) -> None:
        super().__init__()
        self.most, self.probability = most, probability

    def forward(self, sample: Sample) -> Sample:
        """Paste into the image (C, S, S)."""
        if float(torch.rand(())) >= self.probability:
            return sample
        other = sample["others"].draw(balanced=True)
        if "mask" in sample:
            return pasted_class(sample, other)
        return pasted_objects(sample, other, self.most)


def pasted_class(sample: Sample, other: Sample) -> Sample:
    """Return the sample with the pixels of one class of the other, drawn among those that are there."""
    theirs = other["mask"].as_subclass(Tensor)
    present = [int(value) for value in theirs.unique() if value not in (0, IGNORED)]
    if not present:
        return sample
    chosen = theirs == present[int(torch.randint(len(present), ()))]
    image = torch.where(chosen, other["image"].as_subclass(Tensor), sample["image"].as_subclass(Tensor))
    return {
        **sample,
        "image": Image(image),
        "mask": Mask(torch.where(chosen, theirs, sample["mask"].as_subclass(Tensor))),
    }


def pasted_objects(sample: Sample, other: Sample, most: int) -> Sample:
    """Return the sample with objects of the other that lie whole in the image and touch none that is there."""
    size = sample["image"].shape[-1]
    theirs = other["boxes"].as_subclass(Tensor)
    hulls, mine = (torch.from_numpy(as_hulls(s["boxes"].as_subclass(Tensor).numpy())) for s in (other, sample))
    chosen: list[int] = []
    for i in torch.randperm(len(theirs)).tolist():
        hull = hulls[i]
        whole = bool((hull >= 0).all() and (hull <= size).all())
        if whole and not touches(hull, mine) and not touches(hull, hulls[chosen]) and len(chosen) < most:
            chosen.append(i)
    if not chosen:
        return sample
    cut = covered(theirs[chosen], size)
    image = torch.where(cut, other["image"].as_subclass(Tensor), sample["image"].as_subclass(Tensor))
    new = {
        **other,
        **within({k: other[k][chosen] for k in ("labels", "difficult") if k in other}, theirs[chosen], size),
    }
    return {**sample, "image": Image(image), **joined([sample, new], size)}


def touches(hull: Tensor, others: Tensor) -> bool:
    """Tell whether an axis-aligned box (4,) touches one of the others (N, 4)."""
    return bool(((hull[:2] <= others[:, 2:]) & (hull[2:] >= others[:, :2])).all(dim=1).any())


def covered(boxes: Tensor, size: int) -> Tensor:
    """Return which pixels (size, size) have their centre in one of the boxes (N, 4 or 5)."""
    if boxes.shape[1] == 4:
        centre, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        boxes = torch.cat((centre, sides, torch.zeros(len(boxes), 1)), dim=1)
    middles = torch.arange(size) + 0.5
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    cos, sin = torch.deg2rad(boxes[:, 4]).cos(), torch.deg2rad(boxes[:, 4]).sin()
    dx, dy = x[..., None] - boxes[:, 0], y[..., None] - boxes[:, 1]
    along, across = dx * cos - dy * sin, dx * sin + dy * cos  # the width lies along (cos r, -sin r)
    return ((along.abs() <= boxes[:, 2] / 2) & (across.abs() <= boxes[:, 3] / 2)).any(dim=-1)
