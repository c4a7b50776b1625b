"""NanoDet: boxes as distributions of distances, and the published weights, which say what their own runtime says."""

import math

import pytest
import torch
from skimage import data
from torch import Tensor

import zoo
from tests.known_answers import picture
from zoo.detection.nanodet import BINS, STRIDES, build, decode, distribution_focal_loss, sides
from zoo.detection.points import pyramid

BANDS = ("blue", "green", "red")
#: Of `picture` at 416 pixels, by TensorFlow.js 4 from the package's graph: scores and distances of a point a third along a
#: stride's points (the first five numbers), and of the last point (the last three), by stride.
SCORES = {
    8: (
        [0.0064970325, 0.0010063277, 0.0105822301, 0.0015956456, 0.0081047593],
        [0.0066445330, 0.0073109511, 0.0233415328],
    ),
    32: (
        [0.0262251887, 0.0138140414, 0.0057646502, 0.0047428221, 0.0041958159],
        [0.0073901447, 0.0104522305, 0.0106129935],
    ),
}
DISTANCES = {
    8: (
        [1.0192313194, 1.7343986034, 2.2447204590, 2.6524624825, 1.9413174391],
        [-1.6629189253, -1.4864144325, -0.7007801533],
    ),
    32: (
        [-1.2645210028, -0.2867863476, -0.0506279953, 0.8499185443, 3.7842781544],
        [-0.468203157, -1.4494326115, -1.313902020],
    ),
}


def two_bins(distances: Tensor) -> Tensor:
    """Return logits (…, 11) of the distribution over the two bins beside each distance (…)."""
    below = distances.floor().clamp(max=BINS - 2)
    weights = torch.zeros(*distances.shape, BINS)
    weights.scatter_(-1, below.long()[..., None], (1 - distances + below)[..., None])
    weights.scatter_(-1, below.long()[..., None] + 1, (distances - below)[..., None])
    return weights.clamp(min=1e-12).log()


def test_boxes_to_distances_and_back() -> None:
    torch.manual_seed(0)
    points, strides = pyramid([torch.zeros(1, 1, 416 // s, 416 // s) for s in STRIDES], STRIDES)
    boxes = torch.cat(
        (points - torch.rand(len(points), 2) * 9 * strides[:, None], points + strides[:, None] * 5.5), dim=1
    )
    logits = two_bins(sides(points, boxes) / strides[:, None])
    torch.testing.assert_close(decode(points, strides, logits[None])[0], boxes, atol=1e-2, rtol=0)


@pytest.mark.parametrize("distance", [0.0, 0.4, 3.0, 9.99])
def test_the_loss_is_least_at_the_true_distance(distance: float) -> None:
    wanted = torch.full((1, 4), distance)
    entropy = sum(-p * math.log(p) for p in (distance % 1, 1 - distance % 1) if p)
    least = distribution_focal_loss(two_bins(wanted), wanted)
    assert float(least) == pytest.approx(entropy, abs=2e-2)
    for other in (distance + 0.5, max(0.0, distance - 1)):
        if 0 <= other < BINS - 1 and other != distance:
            assert distribution_focal_loss(two_bins(torch.full((1, 4), other)), wanted) > least


def test_a_box_beyond_the_farthest_distance_costs_a_finite_loss() -> None:
    model = build(2, 3).train()
    target = {"boxes": torch.tensor([[0.0, 0.0, 1000.0, 30.0]]), "labels": torch.tensor([1])}
    losses = model(torch.rand(1, 3, 64, 1024), [target])
    assert all(loss.isfinite() for loss in losses.values())  # type: ignore[union-attr]


@pytest.mark.real
def test_known_answer() -> None:
    model = zoo.create("nanodet_g", classes=80, bands=BANDS, pretrained=True).eval()
    assert model.provenance[0].stem == "unchanged"
    with torch.no_grad():
        _, strides, logits, distances = model.predict(picture(3, 416))
    for answers, found in ((SCORES, logits[0].sigmoid()), (DISTANCES, distances[0].flatten(1))):
        for stride, (some, last) in answers.items():
            rows = found[strides == stride]
            torch.testing.assert_close(rows[len(rows) // 3, :5], torch.tensor(some), atol=2e-4, rtol=1e-3)
            torch.testing.assert_close(rows[-1, -3:], torch.tensor(last), atol=2e-4, rtol=1e-3)


@pytest.mark.real
@pytest.mark.parametrize(("name", "said"), [("astronaut", "person"), ("chelsea", "cat"), ("coffee", "cup")])
def test_everyday_things_are_found_without_training(name: str, said: str) -> None:
    model = zoo.create("nanodet_g", classes=80, pretrained=True).eval()
    names = zoo.card("nanodet_g").weights_named().classes
    image = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        found = model(image)[0]
    assert len(names) == 80
    assert names[int(found["labels"][0])] == said
    assert float(found["scores"][0]) > 0.5


@pytest.mark.real
def test_other_classes_keep_all_but_the_last_layers() -> None:
    whole, other = (zoo.create("nanodet_g", classes=n, pretrained=True).state_dict() for n in (80, 2))
    changed = {name for name in whole if whole[name].shape != other[name].shape}
    assert changed == {f"logits.{i}.{kind}" for i in range(3) for kind in ("weight", "bias")}
    assert all(torch.equal(whole[name], other[name]) for name in set(whole) - changed)
