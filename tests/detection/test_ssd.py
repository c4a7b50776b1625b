"""SSD against its paper and against torchvision, its switches, and default boxes fitted to data."""

import pytest
import torch
from torch import Tensor
from torchvision.models.detection import ssd300_vgg16

import zoo
import zoo.factory
from tests.detection.conftest import TinyBackbone
from zoo.detection.default_boxes import DefaultBoxes, fit_shapes, paper_shapes
from zoo.detection.single_shot import hard_negatives
from zoo.detection.ssd import build
from zoo.errors import ZooError
from zoo.profile import Profile
from zoo.weights.layouts import LAYOUTS

LITE = {"backbone": "tf_efficientnet_lite0"}


def tiny(**options: object) -> torch.nn.Module:
    return build(2, 3, TinyBackbone(3, [4, 8, 16, 32]), **options)


def boxes_of(model: torch.nn.Module, size: int) -> Tensor:
    with torch.no_grad():
        return model.predict(torch.rand(1, 3, size, size))[0]


def test_the_numbers_of_default_boxes_are_the_papers() -> None:
    """Section 3.1 and table 7: 8732 boxes at 300 pixels, 24564 at 512."""
    assert len(boxes_of(tiny(), 300)) == 8732
    assert len(boxes_of(tiny(size=512), 512)) == 24564
    assert len(boxes_of(tiny(atrous=False), 300)) == 8732
    assert len(boxes_of(tiny(aspect_ratios=[2]), 300)) == 4 * (38**2 + 19**2 + 10**2 + 5**2 + 9 + 1)


def test_it_finds_what_torchvisions_finds_with_the_same_weights() -> None:
    theirs = ssd300_vgg16(
        weights=None, weights_backbone=None, num_classes=3, score_thresh=0.1, topk_candidates=5000
    ).eval()
    for layer in theirs.head.classification_head.module_list:
        torch.nn.init.normal_(layer.weight, std=0.01)
    mine = zoo.create("ssd300", classes=2, score_threshold=0.1, max_detections=200).eval()
    mine.load_backbone(LAYOUTS["torchvision_ssd"](theirs.state_dict()))
    mine.normalise.mean.copy_(torch.tensor([0.48235, 0.45882, 0.40784]))
    mine.normalise.std.fill_(1 / 255)
    image = torch.rand(1, 3, 250, 330)
    with torch.no_grad():
        (found,), (wanted,) = mine(image), theirs(list(image))
    assert len(wanted["boxes"]) > 20
    torch.testing.assert_close(found["boxes"], wanted["boxes"], atol=0.05, rtol=1e-3)
    torch.testing.assert_close(found["scores"], wanted["scores"], atol=1e-4, rtol=1e-3)
    assert torch.equal(found["labels"], wanted["labels"] - 1)


def test_the_default_boxes_are_torchvisions() -> None:
    theirs = ssd300_vgg16(weights=None, weights_backbone=None).anchor_generator
    from torchvision.models.detection.image_list import ImageList

    maps = [torch.zeros(1, 1, side, side) for side in (38, 19, 10, 5, 3, 1)]
    wanted = theirs(ImageList(torch.zeros(1, 3, 300, 300), [(300, 300)]), maps)[0]
    torch.testing.assert_close(
        DefaultBoxes(paper_shapes(300, (2, 3)), 300)(maps, (300, 300)), wanted, atol=1e-3, rtol=1e-4
    )


def test_shapes_of_the_data_replace_the_papers_and_coarse_maps_fall_away() -> None:
    model = tiny(default_boxes=[[12, 12], [20, 30], [50, 40]], resize=False)
    boxes = boxes_of(model, 320)
    sides = {tuple(side) for side in (boxes[:, 2:] - boxes[:, :2]).round().int().tolist()}
    assert sides == {(12, 12), (20, 30), (50, 40)}
    assert len(boxes) == 40 * 40 * 2 + 20 * 20
    with pytest.raises(ZooError, match="default_boxes='kmeans'.*for a run"):
        tiny(default_boxes="kmeans")
    with pytest.raises(ZooError, match="size=400"):
        tiny(size=400)


def test_kmeans_finds_the_shapes_and_a_run_hands_them_over() -> None:
    shapes = tuple((8.0 + i % 3, 9.0, 0.05) for i in range(10)) + tuple((60.0, 30.0 + i % 2, 0.05) for i in range(10))
    profile = Profile(data="d", task="detection", classes={"a": 1}, samples=1, tile=600, shapes=shapes)
    assert fit_shapes("paper", {}, profile) == "paper"
    small, large = fit_shapes("kmeans2", {"size": 300, "resize": True}, profile)
    assert small == [pytest.approx(4.5, abs=0.3), pytest.approx(4.5, abs=0.1)]  # the tile of 600 is scaled to 300
    assert large == [pytest.approx(30, abs=0.1), pytest.approx(15.2, abs=0.3)]
    assert (
        len(fit_shapes("kmeans", {"size": 300, "resize": False}, profile)) == 5
    )  # no more than there are different ones
    options = zoo.factory.fit_options(zoo.card("ssd300"), {"default_boxes": "kmeans2", "size": 300}, profile)
    assert options == {"default_boxes": [small, large], "size": 300}
    with pytest.raises(ZooError, match="profile of 'd' has none"):
        fit_shapes("kmeans", {}, profile.model_copy(update={"shapes": ()}))


def test_hard_negatives_are_three_for_each_positive() -> None:
    entropy = torch.tensor([[9.0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]])
    positive = torch.tensor([[True, False, False, False, False, False], [False] * 6])
    assert hard_negatives(entropy, positive).tolist() == [[False, False, False, True, True, True], [False] * 6]


def test_without_resizing_a_large_image_is_seen_at_its_size() -> None:
    model, image = tiny(resize=False, score_threshold=0.0).eval(), torch.rand(1, 3, 310, 420)
    with torch.no_grad():
        found = model(image)[0]["boxes"]
    assert found[:, 2].max() > 400
    assert model.fit_input(image)[0].shape == image.shape
    assert tiny().fit_input(image)[0].shape == (1, 3, 300, 300)
