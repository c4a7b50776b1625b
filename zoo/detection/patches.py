"""Patches: the squares of an image that DeepMask learns from, and what it is to say of each.

Pinheiro et al. 2015, https://arxiv.org/abs/1506.06204, section 3.3: a patch is positive when an object lies in its middle
and fills a fixed share of it; it is shown shifted and scaled a little. What is far from every object that way is negative.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import roi_align

FILLED = 128 / 224  # an object's longer side as a share of the patch's
SHIFT, STRETCH = 16 / 224, 0.25  # how far positives are moved, shares of the patch, and scaled, octaves
OTHER = 1.0  # octaves from which on a patch is negative; moved, it is so from twice the shift on


@dataclass(frozen=True)
class Patches:
    """Squares (P, 4) xyxy in pixels, for each its object or -1 (P,), and the objects' masks in them (P, m, m) in {0, 1}."""

    squares: Tensor
    objects: Tensor
    masks: Tensor


def square(centres: Tensor, sides: Tensor) -> Tensor:
    """Squares (P, 4) of centres (P, 2) and sides (P,)."""
    half = sides[:, None] / 2
    return torch.cat((centres - half, centres + half), dim=1)


def canonical(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Centres (N, 2) and sides (N,) of the squares in whose middle boxes (N, 4) lie at their share."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).amax(dim=1) / FILLED


def sample(
    target: Mapping[str, Tensor], size: tuple[int, int], count: int, cells: int, shift: float = SHIFT
) -> Patches:
    """Draw `count` patches of an image of height and width `size`: half of them objects, where there are any.

    Positives are moved by up to the share `shift` of a patch.

    The target holds `boxes` (N, 4) and, where known, `masks` (N, H, W); without, an object's mask is its box. Masks are
    `cells` wide. Negatives that come too near to an object are dropped.
    """
    boxes = target["boxes"]
    negatives = draw_negatives(boxes, size, count, 2 * shift)
    if not len(boxes):
        squares, objects = negatives, torch.full((len(negatives),), -1, device=boxes.device)
        return Patches(squares, objects, boxes.new_zeros((len(squares), cells, cells)))
    owners = torch.randint(len(boxes), (count // 2,), device=boxes.device)
    centres, sides = canonical(boxes[owners])
    moved = centres + (torch.rand_like(centres) * 2 - 1) * shift * sides[:, None]
    positives = square(moved, sides * 2 ** ((torch.rand_like(sides) * 2 - 1) * STRETCH))
    negatives = negatives[: count - len(positives)]
    masks = boxes.new_zeros((len(positives) + len(negatives), cells, cells))
    masks[: len(positives)] = cut(target, owners, positives, cells)
    objects = torch.cat((owners, torch.full((len(negatives),), -1, device=boxes.device)))
    return Patches(torch.cat((positives, negatives)), objects, masks)


def draw_negatives(boxes: Tensor, size: tuple[int, int], count: int, far: float) -> Tensor:
    """Squares (P, 4), P <= count: half of them anywhere in the image, half around objects, none that has one in its middle.

    It is not in the middle from the share `far` of its own patch on.
    """
    height, width = size
    extent = boxes.new_tensor((width, height))
    centres = torch.rand(count, 2, device=boxes.device) * extent
    sides = min(size) * 2 ** (-3 * torch.rand(count, device=boxes.device))
    if len(boxes):
        near = torch.randint(len(boxes), (count // 2,), device=boxes.device)
        middle, side = canonical(boxes[near])
        centres[: len(near)] = middle + (torch.rand_like(middle) * 2 - 1) * side[:, None] / 2
        sides[: len(near)] = side * 2 ** ((torch.rand_like(side) * 2 - 1) * 2)
        middles, truths = canonical(boxes)
        away = (centres[:, None] - middles[None]).abs().amax(dim=2) / truths  # (P, N), shares of the object's own patch
        octaves = (sides[:, None] / truths[None]).log2().abs()
        negative = ((away > far) | (octaves > OTHER)).all(dim=1)
        centres, sides = centres[negative], sides[negative]
    order = torch.randperm(len(sides), device=boxes.device)
    return square(centres, sides)[order]


def cut(target: Mapping[str, Tensor], owners: Tensor, squares: Tensor, cells: int) -> Tensor:
    """The masks (P, cells, cells) of objects `owners` (P,) in their squares (P, 4), 0 or 1."""
    if "masks" in target:
        regions = torch.cat((torch.arange(len(owners), device=squares.device)[:, None].to(squares), squares), dim=1)
        return (
            roi_align(target["masks"][owners][:, None].to(squares), regions, cells, aligned=True)[:, 0] > 0.5
        ).float()
    steps = (torch.arange(cells, device=squares.device) + 0.5) / cells
    places = squares[:, None, :2] + steps[:, None] * (squares[:, None, 2:] - squares[:, None, :2])  # (P, cells, 2)
    boxes = target["boxes"][owners][:, None]
    inside = (places >= boxes[..., :2]) & (places < boxes[..., 2:])  # (P, cells, 2) along x and along y
    return (inside[:, None, :, 0] & inside[:, :, None, 1]).float()
