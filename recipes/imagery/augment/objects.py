"""The objects of a sample under a transform: moved with the image, cut to it, and gone where too little is left."""

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_convert
from torchvision.tv_tensors import BoundingBoxes, Image, Mask

from recipes.imagery.boxes import as_tensor, visible
from recipes.imagery.transform import Sample
from zoo.segmentation import IGNORED


def warped(sample: Sample, forward: Tensor, size: int) -> Sample:
    """Return the sample seen through a map of the plane, as a square of `size` pixels.

    `forward` (2, 3) takes a point (x, y, 1) of the old image, in pixels, to the new one. Where nothing was, the image is 0
    and the mask 255. Rotated boxes need a similarity (rotation, one scale, shift): under another map they were no boxes.
    """
    image: Tensor = sample["image"].as_subclass(Tensor)
    grid = sampling_grid(forward, image.shape[-2:], size)
    changed = {**sample, "image": Image(sampled(image, grid, "bilinear"))}
    if "mask" in sample:
        # shifted by one, so that 0 can stand for what lies outside
        mask = sampled(sample["mask"].as_subclass(Tensor)[None].float() - IGNORED, grid, "nearest")[0] + IGNORED
        changed["mask"] = Mask(mask.round().to(sample["mask"].dtype))
    if "boxes" in sample:
        changed |= within(sample, mapped(sample["boxes"].as_subclass(Tensor), forward), size)
    return {**changed, **moved_keypoints(sample, forward)}


def moved_keypoints(sample: Sample, forward: Tensor) -> Sample:
    """Return the keypoints (N, 2) of a sample, where it has some, under the map `forward` (2, 3), also where none is seen."""
    if "keypoints" not in sample:
        return {}
    return {"keypoints": sample["keypoints"] @ forward[:, :2].T + forward[:, 2]}


def within(sample: Sample, boxes: Tensor, size: int) -> Sample:
    """Return boxes (N, 4 or 5), labels and what else each object has, of those that are still seen in `size` × `size`."""
    cut, kept = visible(boxes.numpy(), (0, 0, size, size))
    mask = torch.from_numpy(np.asarray(kept))
    each: Sample = {key: sample[key][mask] for key in ("labels", "difficult") if key in sample}
    return {"boxes": as_tensor(cut, size, size), **each}


def mapped(boxes: Tensor, forward: Tensor) -> Tensor:
    """Return boxes (N, 4 or 5) under the map `forward` (2, 3).

    A rotated box is turned with it. An axis-aligned one becomes the box around the ellipse that filled it, which is closer
    to what an annotator would draw around the turned object than the box around the turned corners (Kalra et al. 2021,
    https://arxiv.org/abs/2109.13488); at quarter turns and without rotation the two are the same.
    """
    linear, shift = forward[:, :2], forward[:, 2]
    if boxes.shape[1] == 4:
        centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
        moved = centre @ linear.T + shift
        reach = torch.sqrt(half.square() @ linear.square().T)
        return torch.cat((moved - reach, moved + reach), dim=1)
    corners = box_convert(boxes, "cxcywhr", "xyxyxyxy").view(-1, 4, 2) @ linear.T + shift
    if float(torch.linalg.det(linear)) < 0:  # seen in a mirror, the corners run the other way round
        corners = corners[:, [1, 0, 3, 2]]
    return box_convert(corners.reshape(-1, 8), "xyxyxyxy", "cxcywhr")


def sampling_grid(forward: Tensor, shape: torch.Size, size: int) -> Tensor:
    """Return where each new pixel lies in the old image (1, size, size, 2), in [-1, 1] as `grid_sample` counts."""
    whole = torch.cat((forward, torch.tensor([[0.0, 0.0, 1.0]], dtype=forward.dtype)))
    back = torch.linalg.inv(whole.double())[:2].float()
    centres = torch.arange(size) + 0.5
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    points = torch.stack((x, y, torch.ones_like(x)), dim=-1) @ back.T  # (size, size, 2) pixels of the old image
    height, width = shape
    return (points / torch.tensor([width, height]) * 2 - 1)[None]


def sampled(image: Tensor, grid: Tensor, mode: str) -> Tensor:
    """Return an image (C, H, W) sampled at the grid, 0 outside."""
    return torch.nn.functional.grid_sample(image[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0]


def joined(samples: list[Sample], size: int) -> Sample:
    """Return boxes, labels and what else each object has, of several samples in one image of `size` × `size`."""
    each: Sample = {
        key: torch.cat([sample[key] for sample in samples])
        for key in ("labels", "difficult")
        if all(key in sample for sample in samples)
    }
    boxes: list[BoundingBoxes] = [sample["boxes"] for sample in samples]
    return {"boxes": as_tensor(torch.cat([box.as_subclass(Tensor) for box in boxes]).numpy(), size, size), **each}
