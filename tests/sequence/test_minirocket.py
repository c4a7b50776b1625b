"""MiniRocket: the ridge by brute force, the kernels of the paper, and that it learns shapes in a moment."""

import numpy as np
import pytest
import torch

import zoo
from zoo.errors import ZooError
from zoo.sequence import closed_form
from zoo.sequence.closed_form import ridge
from zoo.sequence.minirocket import KERNELS, MiniRocket, golden, spread


def test_the_ridge_leaves_one_out_as_by_hand() -> None:
    features, targets, strength = torch.randn(15, 40) + 2, torch.randn(15, 2) + 1, 3.0
    weights, offset, left_out = ridge(features, targets, torch.tensor([strength]))

    def by_hand(rows: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        middle, target = rows.mean(0), wanted.mean(0)
        solved = np.linalg.solve(
            (rows - middle).T @ (rows - middle) + strength * np.eye(40), (rows - middle).T @ (wanted - target)
        )
        return solved, target - middle @ solved

    x, y = features.double().numpy(), targets.double().numpy()
    w, b = by_hand(x, y)
    np.testing.assert_allclose(weights, w, atol=1e-4)
    np.testing.assert_allclose(offset, b, atol=1e-4)
    for i in range(15):
        w, b = by_hand(np.delete(x, i, 0), np.delete(y, i, 0))
        np.testing.assert_allclose(left_out[i], x[i] @ w + b, atol=2e-3)


def test_more_rows_than_can_be_solved_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_form, "MOST_ROWS", 9)
    with pytest.raises(ZooError, match="10 training rows are too many"):
        ridge(torch.zeros(10, 2), torch.zeros(10, 1), torch.ones(1))


def test_kernels_and_dilations_are_the_papers() -> None:
    model = zoo.create("minirocket", classes=2, bands=("x",))
    assert isinstance(model, MiniRocket)
    assert model.kernels.shape == (84, 1, 9)
    assert (model.kernels.sum(dim=2) == 0).all()
    assert len(set(KERNELS)) == 84
    assert spread(150)[0] == 1
    assert spread(150)[-1] == (150 - 1) // 8
    assert golden(1000).histc(10, 0, 1).tolist() == pytest.approx([100] * 10, abs=2)


def test_it_learns_shapes_at_once() -> None:
    random = torch.Generator().manual_seed(0)
    time = torch.linspace(0, 1, 60)

    def some(count: int) -> dict[str, torch.Tensor]:
        labels = torch.arange(count) % 3
        phase = torch.rand(count, 1, generator=random)
        waves = torch.sin(2 * torch.pi * (3 + labels[:, None]) * (time + phase))
        noisy = waves + 0.3 * torch.randn(waves.shape, generator=random)
        return {"inputs": noisy[..., None], "lengths": torch.full((count,), 60), "labels": labels}

    model = zoo.create("minirocket", classes=3, bands=("x",))
    assert isinstance(model, MiniRocket)
    model.solve([some(20), some(16)])
    test = some(90)
    logits = model.eval()(test["inputs"], test["lengths"])
    assert (logits.argmax(dim=1) == test["labels"]).float().mean() > 0.95
    assert torch.nn.functional.cross_entropy(logits, test["labels"]) < 0.3
