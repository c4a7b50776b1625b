"""DeepMask: windows are patches, masks are cut and put back where they were, and it learns to find squares."""

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.detection import MeanAveragePrecision

import zoo
from tests.detection.conftest import TinyBackbone
from zoo.detection import deepmask
from zoo.detection.deepmask import DeepMask, extents
from zoo.detection.patches import OTHER, SHIFT, canonical, cut, sample, square
from zoo.errors import ZooError


class Cells(nn.Module):
    """A trunk whose cells see 16 × 16 pixels and no more, so that a window sees what a patch sees."""

    strides, channels = (16,), (6,)

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 6, 16, stride=16)

    def select(self, strides: list[int]) -> "Cells":
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        return [self.layer(images).relu()]


def small(backbone: nn.Module | None = None, **options: object) -> DeepMask:
    settings = {"patch": 64, "width": 16, "sizes": (30.0, 50.0), "score_threshold": 0.0, **options}
    return deepmask.build(1, 3, backbone or TinyBackbone(3, [4, 8, 16, 32]), **settings)


def test_a_window_says_what_its_patch_says() -> None:
    model = small(Cells()).eval()
    images = torch.rand(2, 3, 96, 128)
    with torch.no_grad():
        windows = model.windows(images, 1.0)
        assert windows.squares.shape == (6 * 8, 4)  # a window for every cell
        for index in (2 * 8 + 3, 3 * 8 + 4):
            x1, y1, x2, y2 = windows.squares[index].int().tolist()
            patch, logit = model.heads(model.backbone(images[1:, :, y1:y2, x1:x2])[0])
            torch.testing.assert_close(patch, windows.cut(1, torch.tensor([index]), 4))
            torch.testing.assert_close(logit[0, 0, 0], windows.logits[1].flatten()[index])
        scales = [windows, model.windows(images, 2.0)]
        beliefs, squares = model.beliefs(scales, 1, torch.tensor([48 + 7, index]))
    torch.testing.assert_close(beliefs[1], model.heads.masks(patch)[0].sigmoid())
    assert torch.equal(squares, torch.stack((scales[1].squares[7], windows.squares[index])))
    assert (scales[1].squares[0, 2] - scales[1].squares[0, 0], len(scales[1].squares)) == (32, 12 * 16)


def test_masks_are_cut_and_their_extents_put_back() -> None:
    boxes = torch.tensor([[20.0, 30, 60, 50], [5, 5, 15, 45]])
    masks = torch.zeros(2, 80, 90)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist(), strict=True):
        mask[y1:y2, x1:x2] = 1
    squares, owners = square(*canonical(boxes)), torch.tensor([0, 1])
    drawn, given = (cut(t, owners, squares, 56) for t in ({"boxes": boxes}, {"boxes": boxes, "masks": masks}))
    assert ((drawn - given).abs().mean(dim=(1, 2)) < 0.02).all()
    assert drawn[0].mean() == pytest.approx((4 / 7) ** 2 / 2, rel=0.05)
    found, whole = extents(torch.cat((drawn, torch.zeros(1, 56, 56))) > 0, torch.cat((squares, squares[:1])))
    assert whole.tolist() == [True, True, False]
    torch.testing.assert_close(found[:2], boxes, atol=1.3, rtol=0)


@pytest.mark.parametrize("shift", [SHIFT, 0.125])
def test_half_of_the_patches_are_objects_and_the_rest_is_far_from_all(shift: float) -> None:
    boxes = torch.tensor([[30.0, 40, 90, 80], [100, 100, 130, 160]])
    drawn = sample({"boxes": boxes}, (200, 200), 40, 16, shift)
    assert (drawn.objects >= 0).sum() == 20
    middles, sides = canonical(boxes)
    shown = drawn.squares[:20]
    moved = (shown[:, :2] + shown[:, 2:]) / 2 - middles[drawn.objects[:20]]
    assert shift / 2 < (moved.abs() / sides[drawn.objects[:20], None]).max() <= shift
    for patch in drawn.squares[drawn.objects < 0]:
        side = patch[2] - patch[0]
        near = ((patch[:2] + patch[2:]) / 2 - middles).abs().amax(dim=1) / sides <= 2 * shift
        assert not (near & ((side / sides).log2().abs() <= OTHER)).any()
    assert drawn.masks[drawn.objects >= 0].mean(dim=(1, 2)).min() > 0.05
    empty = sample({"boxes": torch.zeros(0, 4)}, (50, 60), 6, 16)
    assert (empty.squares.shape, empty.objects.tolist()) == ((6, 4), [-1] * 6)


def test_it_keeps_the_contract_and_brings_masks() -> None:
    model = small().train()
    targets = [{"boxes": torch.tensor([[10.0, 10, 50, 40]]), "labels": torch.tensor([0])}]
    empty = [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}]
    losses = model(torch.rand(2, 3, 70, 91), targets + empty)
    sum(losses.values()).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
    assert sum(model(torch.rand(1, 3, 70, 91), empty).values()).isfinite()
    with torch.no_grad():
        batch = model.eval()(images := torch.rand(2, 3, 33, 91))
        alone = model(images[:1])[0]
        unmasked = small(masks=False).eval()(images)[0]
    N = len(alone["scores"])
    assert (alone["masks"].shape, alone["masks"].dtype) == ((N, 33, 91), torch.bool)
    assert N == len(batch[0]["scores"]) > 0
    assert set(alone["labels"].tolist()) == {0}
    assert (alone["scores"][:-1] >= alone["scores"][1:]).all()
    assert (alone["boxes"] >= 0).all()
    assert (alone["boxes"] <= torch.tensor([91, 33, 91, 33])).all()
    assert set(unmasked) == {"boxes", "scores", "labels"}
    with pytest.raises(ZooError, match="patch=50"):
        small(patch=50)
    with pytest.raises(ZooError, match="shift=0.6 must be at least 0 and below 0.57"):
        small(shift=0.6)
    assert zoo.create("deepmask", classes=1, backbone="tf_efficientnet_lite0", width=8).keeping.max_detections == 100


def test_it_learns_to_find_squares() -> None:
    def scene() -> tuple[Tensor, dict[str, Tensor]]:
        corner, side = torch.randint(8, 70, (2,)), int(torch.randint(26, 50, ()))
        image, box = torch.zeros(3, 128, 128), torch.tensor([*corner, *(corner + side)])
        image[:, box[1] : box[3], box[0] : box[2]] = 1.0
        return image, {"boxes": box[None].float(), "labels": torch.tensor([0])}

    model = small(TinyBackbone(3, [4, 8, 16, 32]), width=32, sizes=(32.0, 45.0), patches=12)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        images, targets = zip(*(scene() for _ in range(4)), strict=True)
        losses = model.train()(torch.stack(images), targets)
        optimizer.zero_grad()
        (losses["mask"] + 8 * losses["objectness"]).backward()
        optimizer.step()
    images, targets = zip(*(scene() for _ in range(6)), strict=True)
    with torch.no_grad():
        found = model.eval()(torch.stack(images))
    truth = [{**target, "masks": image[:1] > 0.5} for image, target in zip(images, targets, strict=True)]
    metric = MeanAveragePrecision(iou_type=("bbox", "segm"), backend="faster_coco_eval")
    metric.warn_on_many_detections = False
    metric.update(list(found), truth)
    assert metric.compute()["bbox_mar_10"] > 0.3
    assert metric.compute()["segm_mar_10"] > 0.3
