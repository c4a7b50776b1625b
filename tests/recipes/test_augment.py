"""Augmentation: objects and masks go where the image goes, for boxes, rotated boxes and any number of bands."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hydra.utils import instantiate
from torch import Tensor
from torchvision.ops import box_convert
from torchvision.tv_tensors import Image, Mask

from recipes.imagery.augment import (
    BandDropout,
    BandOffset,
    CopyPaste,
    FreeRotation,
    IoUCrop,
    Mosaic,
    Noise,
    Symmetries,
    ZoomOut,
)
from recipes.imagery.augment.mixing import covered
from recipes.imagery.augment.objects import mapped, warped
from recipes.imagery.boxes import as_tensor
from recipes.imagery.transform import Sample, margin_of

SIZE = 96
LEVELS = ("none", "light", "standard", "heavy", "satellite", "free_rotation")
CONF = Path(__file__).parents[2] / "conf" / "augment"


def painted(boxes: Tensor, bands: int = 3, kind: str = "boxes", size: int = SIZE) -> Sample:
    """Return a sample whose image is 1 inside its objects, and faint noise elsewhere."""
    inside = covered(boxes, size)
    image = torch.where(inside, torch.ones(bands, size, size), 0.1 * torch.rand(bands, size, size))
    sample: Sample = {"image": Image(image), "name": "x"}
    if kind == "mask":
        return {**sample, "mask": Mask(inside.to(torch.uint8))}
    return {**sample, "boxes": as_tensor(boxes.numpy(), size, size), "labels": torch.arange(len(boxes))}


def boxes_of(kind: str) -> Tensor:
    if kind == "rotated":
        return torch.tensor([[30.0, 30, 24, 12, 20], [66, 60, 14, 20, -50]])
    return torch.tensor([[16.0, 20, 40, 36], [56, 50, 80, 74]])


class Bag:
    """Others that are all alike."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample

    def draw(self, balanced: bool = False) -> Sample:
        return dict(self.sample)


def sample_of(kind: str, bands: int = 3, size: int = SIZE) -> Sample:
    torch.manual_seed(0)
    sample = painted(boxes_of(kind), bands, "mask" if kind == "mask" else "boxes", size)
    return {**sample, "others": Bag(sample)}


def agreement(sample: Sample) -> float:
    """Return the IoU of what is painted in the image with what the boxes or the mask say."""
    seen = sample["image"].as_subclass(Tensor)[0] > 0.6
    if "mask" in sample:
        said = sample["mask"].as_subclass(Tensor) == 1
    else:
        said = covered(sample["boxes"].as_subclass(Tensor), seen.shape[-1])
    return float((seen & said).sum() / (seen | said).sum().clamp(min=1))


@pytest.mark.parametrize("kind", ["boxes", "rotated", "mask"])
@pytest.mark.parametrize(
    "transform", [Symmetries(), ZoomOut(1.5, 1.0), Mosaic(1.0), CopyPaste(4, 1.0)], ids=lambda t: type(t).__name__
)
def test_objects_go_where_the_image_goes(transform: torch.nn.Module, kind: str) -> None:
    found = []
    for seed in range(8):
        sample = sample_of(kind)
        torch.manual_seed(seed)
        found.append(agreement(transform(sample)))
    # a quarter of a mosaic can leave a sliver of an object whose box is dropped
    assert np.median(found) > 0.85, found


def test_rotated_boxes_turn_exactly() -> None:
    for seed in range(8):
        sample = sample_of("rotated", size=136)
        sample |= painted(torch.tensor([[60.0, 70, 40, 16, 25]]), size=136)
        torch.manual_seed(seed)
        turned = FreeRotation()(sample)
        assert turned["image"].shape == (3, SIZE, SIZE)
        assert agreement(turned) > 0.85
        assert turned["boxes"][0, 2:4].tolist() == pytest.approx([40, 16], abs=1e-3)
        assert float(turned["image"].min()) >= 0
        assert (turned["image"].as_subclass(Tensor)[:, :2, :2] > 0).any()  # no empty corners


def test_a_map_of_boxes_is_exact_at_quarter_turns() -> None:
    boxes = torch.tensor([[10.0, 20, 40, 30]])
    quarter = torch.tensor([[0.0, 1, 0], [-1, 0, 96]])  # counter-clockwise about the middle of 96 pixels
    assert mapped(boxes, quarter).tolist() == [[20, 56, 30, 86]]


@pytest.mark.parametrize("angle", [0.0, 30, 45, 90, 135, 200])
def test_a_mirror_keeps_rotated_boxes_rectangles(angle: float) -> None:
    boxes = torch.tensor([[40.0, 50, 30, 10, angle]])
    mirror = torch.tensor([[-1.0, 0, 96], [0, 1, 0]])
    corners = {tuple(c) for c in box_convert(boxes, "cxcywhr", "xyxyxyxy").view(4, 2).round(decimals=2).tolist()}
    there = box_convert(mapped(boxes, mirror), "cxcywhr", "xyxyxyxy").view(4, 2)
    back = {tuple(c) for c in (there * torch.tensor([-1, 1]) + torch.tensor([96, 0])).round(decimals=2).tolist()}
    assert np.allclose(sorted(back), sorted(corners), atol=0.05)


def test_the_identity_changes_nothing() -> None:
    for kind in ("boxes", "rotated", "mask"):
        sample = sample_of(kind)
        same = warped(sample, torch.tensor([[1.0, 0, 0], [0, 1, 0]]), SIZE)
        assert torch.allclose(same["image"].as_subclass(Tensor), sample["image"].as_subclass(Tensor), atol=1e-5)
        if kind == "mask":
            assert torch.equal(same["mask"], sample["mask"])
        else:
            assert torch.allclose(same["boxes"], sample["boxes"], atol=1e-3)


def test_what_lies_outside_is_ignored_by_masks() -> None:
    sample = sample_of("mask")
    shifted = warped(sample, torch.tensor([[1.0, 0, 40], [0, 1, 0]]), SIZE)
    assert (shifted["mask"].as_subclass(Tensor)[:, :40] == 255).all()
    assert (shifted["image"].as_subclass(Tensor)[:, :, :39] == 0).all()  # a border pixel is half of what is beside it


@pytest.mark.parametrize("kind", ["boxes", "rotated"])
def test_the_crop_shows_an_object_with_the_drawn_overlap(kind: str) -> None:
    for seed in range(10):
        sample = sample_of(kind)
        torch.manual_seed(seed)
        crop = IoUCrop(least=(0.7,), probability=1.0)(sample)
        assert len(crop["boxes"]) >= 1
        assert agreement(crop) > 0.7


def test_a_balanced_paste_touches_nothing() -> None:
    sample = sample_of("boxes")
    theirs = painted(torch.tensor([[18.0, 22, 42, 38], [2, 60, 20, 80]]))
    torch.manual_seed(0)
    pasted = CopyPaste(4, 1.0)({**sample, "others": Bag(theirs)})
    assert len(pasted["boxes"]) == 3  # the second of theirs; the first touches one that is there
    assert agreement(pasted) > 0.9


@pytest.mark.parametrize("bands", [1, 3, 8])
@pytest.mark.parametrize("kind", ["boxes", "rotated", "mask"])
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_serves_every_kind_of_sample(level: str, kind: str, bands: int) -> None:
    augment = instantiate(yaml.safe_load((CONF / f"{level}.yaml").read_text()))
    margin = margin_of(augment)
    for seed in range(3):
        sample = sample_of(kind, bands, round(SIZE * margin))
        torch.manual_seed(seed)
        made = augment(sample)
        image = made["image"].as_subclass(Tensor)
        assert image.shape == (bands, SIZE, SIZE)
        assert image.dtype == torch.float32
        assert 0 <= float(image.min()) <= float(image.max()) <= 1
        if kind == "mask":
            assert made["mask"].shape == (SIZE, SIZE)
            assert set(made["mask"].unique().tolist()) <= {0, 1, 255}
        else:
            assert made["boxes"].shape == (len(made["labels"]), 5 if kind == "rotated" else 4)
            assert made["boxes"].dtype == torch.float32


@pytest.mark.parametrize("level", LEVELS)
def test_images_without_objects_are_fine(level: str) -> None:
    augment = instantiate(yaml.safe_load((CONF / f"{level}.yaml").read_text()))
    margin = margin_of(augment)
    empty = painted(torch.zeros(0, 4), size=round(SIZE * margin))
    torch.manual_seed(1)
    assert len(augment({**empty, "others": Bag(empty)})["boxes"]) == 0


def test_band_effects_leave_the_other_bands() -> None:
    sample = sample_of("boxes", bands=6)
    torch.manual_seed(0)
    dropped = BandDropout(1.0)(sample)["image"].as_subclass(Tensor)
    gone = [i for i in range(6) if not dropped[i].any()]
    assert len(gone) == 1
    kept = [i for i in range(6) if i not in gone]
    assert torch.equal(dropped[kept], sample["image"].as_subclass(Tensor)[kept])
    assert BandDropout(1.0)(sample_of("boxes", bands=3))["image"].any(dim=(1, 2)).all()
    moved = BandOffset(0.05)(sample)["image"].as_subclass(Tensor) - sample["image"].as_subclass(Tensor)
    assert float(moved.abs().max()) <= 0.05 + 1e-6


def test_noise_is_of_the_strength_that_is_said() -> None:
    sample = {"image": Image(torch.full((1, 200, 200), 0.5))}
    torch.manual_seed(3)
    strengths = [float(Noise(0.1, 1.0)(sample)["image"].std()) for _ in range(20)]
    assert max(strengths) < 0.11
    assert min(strengths) < 0.05
