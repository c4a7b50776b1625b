"""The metrics over whole scenes are those of an independent computation; the losses are those of their formulas."""

import logging
import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.imagery.module import stacked
from tests.segmentation.conftest import Told, boundary_reference, make_task, reference, told_by
from zoo.errors import ZooError
from zoo.geometry.tiles import Tile, grid
from zoo.segmentation.losses import LOSSES, Weighing, balanced, cross_entropy, dice, near_boundaries

NAMES = ("background", "building", "road", "water")


def batch_of(tiles: list[tuple[Tile, np.ndarray, np.ndarray]], size: int) -> dict[str, object]:
    """A batch as the data module makes it: tiles padded to `size`, zeros in the image and 255 in the mask."""
    samples, masks = [], torch.full((len(tiles), size, size), 255)
    for mask, (tile, truth, predicted) in zip(masks, tiles, strict=True):
        image = np.zeros((1, size, size), np.float32)
        image[:, : tile.height, : tile.width] = told_by(predicted)
        mask[: tile.height, : tile.width] = torch.from_numpy(truth.astype(np.int64))
        samples.append({"image": torch.from_numpy(image), "name": tile.scene, "tile": tile})
    return {**stacked(samples), "masks": masks}


def evaluate(scenes: dict[str, tuple[np.ndarray, np.ndarray]], size: int, overlap: int, rng: np.random.Generator):
    """Run the task over tiles in any order; return metrics and task."""
    task = make_task(NAMES)
    tiles = []
    for name, (truth, predicted) in scenes.items():
        height, width = truth.shape
        for tile in grid(width, height, size, overlap, name):
            rows, columns = np.mgrid[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
            tiles.append((tile, truth[rows, columns], predicted[rows, columns]))
    order = rng.permutation(len(tiles))
    for i in range(0, len(tiles), 3):
        task.update(batch_of([tiles[j] for j in order[i : i + 3]], size), "test")
    metrics = task.compute("test")
    task.warn_of_undefined("test", metrics)
    return metrics, task


def compare(metrics: dict[str, float], scenes: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    truth, predicted = (np.concatenate([pair[i].ravel() for pair in scenes.values()]) for i in (0, 1))
    expected = {**reference(truth, predicted, NAMES), **boundary_reference(list(scenes.values()), NAMES, 3)}
    assert metrics.keys() == expected.keys()
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, abs=1e-6, nan_ok=True), name


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.tuples(st.integers(1, 70), st.integers(1, 70)), min_size=1, max_size=3),
    size=st.integers(8, 40),
    share=st.floats(0, 0.9),
    skill=st.floats(0, 1),
    ignored=st.floats(0, 1),
)
def test_metrics_of_random_scenes(seed, sizes, size, share, skill, ignored) -> None:
    rng = np.random.default_rng(seed)
    present = rng.choice(len(NAMES), rng.integers(1, len(NAMES) + 1), replace=False)
    scenes = {}
    for i, shape in enumerate(sizes):
        truth = rng.choice(present, shape)
        predicted = np.where(rng.random(shape) < skill, truth, rng.choice(present, shape))
        truth[rng.random(shape) < ignored] = 255
        scenes[f"scene{i}"] = (truth, predicted)
    metrics, task = evaluate(scenes, size, int(share * size), rng)
    compare(metrics, scenes)
    for result in task.results:
        truth, predicted = scenes[result.name]
        np.testing.assert_array_equal(result.truth.numpy(), truth)
        np.testing.assert_array_equal(result.predicted.numpy(), predicted)


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        (np.zeros((33, 20), int), np.zeros((33, 20), int)),  # no foreground anywhere
        (np.zeros((33, 20), int), np.ones((33, 20), int)),  # false alarms alone: IoU 0, not undefined
        (np.ones((33, 20), int), np.zeros((33, 20), int)),  # misses alone
        (np.full((33, 20), 255), np.ones((33, 20), int)),  # nothing is known
        (np.full((33, 20), 3), np.full((33, 20), 3)),  # one class alone, perfect
        (np.arange(660).reshape(33, 20) % 2, 1 - np.arange(660).reshape(33, 20) % 2),  # all wrong
        (
            np.where(np.arange(660) == 659, 1, 255).reshape(33, 20),
            np.ones((33, 20), int),
        ),  # one known pixel, in a corner
    ],
)
def test_metrics_of_adversarial_scenes(truth: np.ndarray, predicted: np.ndarray) -> None:
    scenes = {"scene": (truth, predicted)}
    metrics, _ = evaluate(scenes, 16, 7, np.random.default_rng(0))
    compare(metrics, scenes)


def test_counts_stay_exact_beyond_what_float32_holds() -> None:
    task = make_task(("background", "building"))
    task.metrics.confusion.counts += torch.tensor([[2**40, 1], [1, 2**25]])
    scores = task.compute("val")
    assert scores["iou"] == 2**25 / (2**25 + 2)
    assert scores["accuracy"] == pytest.approx(1 - 2 / (2**40 + 2**25 + 2), abs=1e-15)


def test_what_is_not_defined_is_nan_and_said(caplog: pytest.LogCaptureFixture) -> None:
    scenes = {"scene": (np.full((9, 9), 255), np.zeros((9, 9), int))}
    with caplog.at_level(logging.WARNING):
        metrics, _ = evaluate(scenes, 8, 0, np.random.default_rng(0))
    assert all(math.isnan(metrics[name]) for name in ("iou", "miou", "dice", "accuracy"))
    assert "test/iou is not defined: no pixel of the masks is known" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        metrics, _ = evaluate({"scene": (np.zeros((9, 9), int), np.zeros((9, 9), int))}, 8, 0, np.random.default_rng(0))
    assert metrics["miou"] == 1.0
    assert (
        "test/iou is not defined: neither the truth nor the prediction has a pixel of building, road, water"
        in caplog.text
    )


def test_an_evaluation_forgets_the_one_before() -> None:
    rng = np.random.default_rng(0)
    task = make_task(NAMES)
    truth = rng.integers(0, 4, (8, 8))
    tile = next(grid(8, 8, 8, 0, "scene"))
    task.update(batch_of([(tile, truth, truth)], 8), "test")
    assert task.compute("test")["iou"] == 1.0
    task.update(batch_of([(tile, truth, (truth + 1) % 4)], 8), "test")
    assert task.compute("test")["iou"] == 0.0


def test_a_tile_that_comes_twice_is_refused() -> None:
    task = make_task(NAMES)
    tile = next(grid(8, 8, 8, 0, "street"))
    batch = batch_of([(tile, np.zeros((8, 8), int), np.zeros((8, 8), int))], 8)
    task.update(batch, "val")
    with pytest.raises(ZooError, match="0, 0 of scene 'street' came twice"):
        task.update(batch, "val")


def test_a_mask_with_an_unknown_class_is_refused() -> None:
    task = make_task(("background", "building"))
    tile = next(grid(8, 8, 8, 0, "street"))
    batch = batch_of([(tile, np.full((8, 8), 7), np.zeros((8, 8), int))], 8)
    with pytest.raises(ZooError, match=r"the value 7, but there are 2 classes"):
        task.update(batch, "val")
    with pytest.raises(ZooError, match=r"the value 7, but there are 2 classes"):
        task.losses(batch)


def test_losses_are_their_formulas_over_the_known_pixels() -> None:
    logits, masks = torch.randn(2, 3, 5, 6), torch.randint(0, 3, (2, 5, 6))
    masks[0, 1:3] = 255
    weights = torch.tensor([1.0, 4.0, 0.5])
    probabilities = logits.double().softmax(1).permute(0, 2, 3, 1)[masks != 255]
    truth = masks[masks != 255]
    own = probabilities[torch.arange(len(truth)), truth]
    assert cross_entropy(logits, masks, Weighing([1, 2])).item() == pytest.approx(-own.log().mean().item(), rel=1e-5)
    weighted = -(weights[truth] * own.log()).sum() / weights[truth].sum()
    assert cross_entropy(logits, masks, Weighing([1, 2], weights)).item() == pytest.approx(weighted.item(), rel=1e-5)
    shares = [2 * probabilities[truth == k, k].sum() / (probabilities[:, k].sum() + (truth == k).sum()) for k in (1, 2)]
    assert dice(logits, masks, Weighing([1, 2])).item() == pytest.approx(1 - (sum(shares) / 2).item(), rel=1e-5)


def test_unknown_pixels_bear_on_no_loss() -> None:
    masks = torch.randint(0, 3, (2, 5, 6))
    masks[:, :2] = 255
    logits = torch.randn(2, 3, 5, 6, requires_grad=True)
    (cross_entropy(logits, masks, Weighing([1, 2])) + dice(logits, masks, Weighing([1, 2]))).backward()
    assert logits.grad[:, :, :2].abs().max() == 0
    assert (logits.grad[:, :, 2:].abs().sum(1) > 0).all()


def test_a_batch_of_unknown_pixels_alone_has_the_loss_zero() -> None:
    task = make_task(NAMES)
    parts = task.losses({"images": torch.zeros(2, 1, 8, 8), "masks": torch.full((2, 8, 8), 255), "names": ["a", "b"]})
    assert {name: part.item() for name, part in parts.items()} == {"cross_entropy": 0.0, "dice": 0.0}
    sum(parts.values()).backward()


def test_the_right_answer_costs_nothing_and_the_wrong_one_does() -> None:
    truth = np.random.default_rng(0).integers(0, 4, (8, 8))
    tile = next(grid(8, 8, 8, 0, "scene"))
    right, wrong = (
        sum(make_task(NAMES, Told(4)).losses(batch_of([(tile, truth, said)], 8)).values()).item()
        for said in (truth, (truth + 1) % 4)
    )
    assert right < 1e-6
    assert wrong > 10


def test_dice_can_be_left_out_and_weights_go_by_name() -> None:
    batch = {"images": torch.zeros(1, 1, 4, 4), "masks": torch.ones(1, 4, 4).long(), "names": ["a"]}
    assert make_task(NAMES, losses={"cross_entropy": 1.0, "dice": 0.0}).losses(batch).keys() == {"cross_entropy"}
    assert make_task(NAMES, class_weights={"road": 2.5}).weighing.weights.tolist() == [1.0, 1.0, 2.5, 1.0]


def test_weights_of_a_class_that_is_not_there_are_refused() -> None:
    with pytest.raises(ZooError, match="names 'buildings'; did you mean building"):
        make_task(NAMES, class_weights={"buildings": 2.0})


def test_without_a_background_all_classes_are_the_headline() -> None:
    task = make_task(("forest", "water"))
    tile = next(grid(4, 4, 4, 0, "scene"))
    truth = np.array([[0, 0, 1, 1]] * 4)
    task.update(batch_of([(tile, truth, np.zeros((4, 4), int))], 4), "val")
    scores = task.compute("val")
    assert scores["iou"] == scores["miou"] == 0.25


def test_the_task_learns() -> None:
    """A pixel's class is its brightness: one convolution must find that out."""
    model = torch.nn.Conv2d(1, 2, 1)
    task = make_task(("background", "building"), model)
    optimizer = partial(torch.optim.Adam, lr=0.1)(model.parameters())
    images = torch.rand(2, 1, 16, 16)
    batch = {"images": images, "masks": (images[:, 0] > 0.6).long(), "names": ["a", "b"]}
    for _ in range(150):
        optimizer.zero_grad()
        sum(task.losses(batch).values()).backward()
        optimizer.step()
    tiles = [next(grid(16, 16, 16, 0, name)) for name in ("a", "b")]
    task.update({**batch, "tiles": tiles}, "val")
    assert task.compute("val")["iou"] > 0.9


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_small_for_the_truth_and_blind_to_what_is_not_known(name: str) -> None:
    torch.manual_seed(0)
    masks = torch.randint(0, 3, (2, 12, 12))
    masks[0, :4] = 255
    told = masks.masked_fill(masks == 255, 0)
    right = 20 * torch.nn.functional.one_hot(told, 3).permute(0, 3, 1, 2).float()
    wrong = right.roll(1, dims=1)
    loss = LOSSES[name]
    assert float(loss(right, masks, Weighing([0, 1, 2]))) < 1e-3
    assert float(loss(wrong, masks, Weighing([0, 1, 2]))) > 0.9
    other = right.clone()
    other[0, :, :4] = torch.randn(3, 4, 12)
    assert torch.allclose(loss(other, masks, Weighing([0, 1, 2])), loss(right, masks, Weighing([0, 1, 2])), atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_a_gradient_and_none_where_nothing_is_known(name: str) -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, 3, 9, 9, requires_grad=True)
    LOSSES[name](logits, torch.randint(0, 3, (1, 9, 9)), Weighing([1, 2])).backward()
    assert logits.grad is not None
    assert float(logits.grad.abs().sum()) > 0
    logits.grad = None
    LOSSES[name](logits, torch.full((1, 9, 9), 255), Weighing([1, 2])).backward()
    assert float(logits.grad.abs().sum()) == 0  # type: ignore[union-attr]


def test_boundaries_lie_between_classes_and_not_at_what_is_unknown() -> None:
    masks = torch.zeros(1, 20, 30, dtype=torch.int64)
    masks[:, :, 15:] = 1
    near = near_boundaries(masks, masks != 255)
    assert near[0, 0].nonzero().flatten().tolist() == list(range(12, 18))
    masks[:, :, :10] = 255
    assert near_boundaries(masks, masks != 255)[0, 0].nonzero().flatten().tolist() == list(range(12, 18))
    masks[:, :, 15:] = 0
    assert near_boundaries(masks, masks != 255).sum() == 0


def test_classes_are_balanced_by_their_median() -> None:
    assert balanced([100, 50, 0, 1]).tolist() == [0.5, 1.0, 1.0, 10.0]
    assert balanced([0, 0]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("losses", "said"),
    [({"dices": 1}, "did you mean dice"), ({"dice": 0}, "leaves nothing")],
)
def test_losses_that_make_no_sense_are_refused(losses: dict[str, float], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        make_task(NAMES, losses=losses)


def test_classes_are_balanced_where_it_is_said() -> None:
    assert make_task(NAMES, class_weights="balanced").balanced
