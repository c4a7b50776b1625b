"""Heads: what is asked for is what is read, to a small part of a cell; a mirror exchanges left and right."""

import pytest
import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.pose.heads import HeatmapHead, SimCCHead
from zoo.pose.heatmaps import Decoder, targets
from zoo.pose.one_euro import OneEuro
from zoo.pose.skeleton import COCO_NAMES, Skeleton, skeleton_of
from zoo.pose.views import flipped_mean, unflipped


def points(count: int = 40) -> Tensor:
    torch.manual_seed(0)
    return 24 + 208 * torch.rand(2, count, 2)


def test_heatmaps_are_read_between_their_cells() -> None:
    true = points()
    maps = targets(true, (64, 64), 4)
    read = Decoder(4)(maps)[:, 0]
    assert float((read[..., :2] - true).norm(dim=2).max()) < 0.05
    nearest = maps.flatten(2).argmax(dim=2)
    cells = 4 * torch.stack((nearest % 64, nearest // 64), dim=2) + 2
    assert float((cells - true).norm(dim=2).mean()) > 1  # what is gained


def test_the_score_is_the_height_of_the_map() -> None:
    maps = 0.5 * targets(points(), (64, 64), 4)
    assert (Decoder(4)(maps)[..., 2] - 0.5).abs().max() < 0.05


def test_a_flat_map_is_read_without_nonsense() -> None:
    read = Decoder(4)(torch.zeros(1, 2, 16, 16))
    assert read.isfinite().all()
    assert ((read[..., :2] >= 0) & (read[..., :2] <= 64)).all()


def test_coordinates_as_classes_there_and_back() -> None:
    head, true = SimCCHead(4, 40, 256, 32), points()
    bins = torch.arange(512) + 0.5
    logits = -(bins - 2 * true[..., None]).square() / (2 * head.sigma**2)
    read = head.decode(logits)[:, 0]
    assert float((read[..., :2] - true).abs().max()) <= 0.25 + 1e-4
    torch.testing.assert_close(read[..., 2], torch.ones(2, 40), atol=0.02, rtol=0)


@pytest.mark.parametrize("head", [HeatmapHead(4, 3, 4), SimCCHead(4, 3, 64, 4)], ids=["heatmap", "simcc"])
def test_what_is_not_visible_is_not_learnt(head: HeatmapHead | SimCCHead) -> None:
    torch.manual_seed(0)
    answers = head.answers(torch.rand(2, 4, 16, 16))
    true, visible = 10 + 40 * torch.rand(2, 3, 2), torch.tensor([[True, False, True]] * 2)
    other = true.clone()
    other[:, 1] = 5
    assert torch.equal(head.loss(answers, true, visible), head.loss(answers, other, visible))
    assert not torch.equal(head.loss(answers, true, visible), head.loss(answers, other, ~visible))
    assert float(head.loss(answers, true, torch.zeros_like(visible)).detach()) == 0


def test_a_mirror_image_says_the_same() -> None:
    order = skeleton_of(["nose", "left_paw", "right_paw"]).order_mirrored
    keypoints = torch.tensor([[[[10.0, 5, 0.9], [20, 6, 0.8], [40, 7, 0.7]]]])
    seen_mirrored = torch.tensor([[[[54.0, 5, 0.9], [24, 7, 0.7], [44, 6, 0.8]]]])
    torch.testing.assert_close(unflipped(seen_mirrored, 64, order), keypoints)
    images = torch.rand(1, 1, 8, 64)
    mean = flipped_mean(lambda x: keypoints if torch.equal(x, images) else seen_mirrored, images, order)
    torch.testing.assert_close(mean, keypoints)


def test_names_tell_the_sides() -> None:
    coco = skeleton_of(COCO_NAMES)
    assert len(coco.pairs) == 8
    assert coco.order_mirrored[:3] == [0, 2, 1]
    assert coco.torso == ("left_shoulder", "right_hip")
    said = {"paw_L": "paw_R", "LF_paw": "RF_paw", "paw1LH": None, "leftEar": "rightEar", "L1": "R1", "tail": None}
    for name, other in said.items():
        found = skeleton_of([name, other or "x"]).pairs
        assert found == (((name, other),) if other else ())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"edges": (("a", "c"),)}, "names 'c'"),
        ({"pairs": (("a", "b"), ("a", "b"))}, "two of the pairs"),
        ({"names": ("a", "a")}, "named 'a'"),
        ({"names": ()}, "one keypoint"),
    ],
)
def test_skeletons_that_are_none(settings: dict, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        Skeleton(**{"names": ("a", "b"), **settings})


def test_smoothing_holds_what_stands_and_follows_what_moves() -> None:
    rng = torch.Generator().manual_seed(0)
    still, moving = OneEuro(1.0, 100), OneEuro(1.0, 100)
    noise = torch.randn(200, 1, 2, generator=rng).numpy()
    smoothed = [still(one, i / 30) for i, one in enumerate(noise)]
    assert sum(float((a**2).sum()) for a in smoothed[50:]) < 0.5 * sum(float((a**2).sum()) for a in noise[50:])
    lag = [float(abs(moving(i * torch.ones(1, 2).numpy() * 10, i / 30) - 10 * i).max()) for i in range(60)]
    assert lag[-1] < 12  # about one frame at 300 pixels a second
    assert (still(noise[0], 0.0) == smoothed[-1]).all()  # a time that does not rise
