"""Forecasts: pinball, CRPS and MASE by hand, quantiles that never cross, baselines, and a sine that is learnt."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

import zoo
from tasks.objectives.forecast import Forecast, pinball, scales
from tests.sequence.test_series_pictures import pictured
from zoo.errors import ZooError
from zoo.sequence.network import rising
from zoo.sequence.patch_tst import PatchTst
from zoo.sequence.seasonal_naive import SeasonalNaive


def batch(past: torch.Tensor, future: torch.Tensor, season: int = 1) -> dict[str, Any]:
    lengths = torch.full((len(past),), past.shape[1])
    return {
        "inputs": past,
        "lengths": lengths,
        "future": future,
        "season": season,
        "names": [f"w{i}" for i in range(len(past))],
    }


def waves(count: int, seed: int, T: int = 72, H: int = 12) -> dict[str, Any]:
    random = torch.Generator().manual_seed(seed)
    start, level = torch.rand(2, count, 1, generator=random)
    time = torch.arange(T + H) / 12
    values = 100 * level + torch.sin(2 * torch.pi * (time + start)) + 0.05 * torch.randn(count, T + H, generator=random)
    return batch(values[:, :T, None], values[:, T:, None], 12)


def test_pinball_by_hand() -> None:
    said, future = torch.tensor([[[[1.0, 2.0, 4.0]]]]), torch.tensor([[[3.0]]])  # levels 1/4, 2/4, 3/4
    assert pinball(said, future)[0, 0, 0].tolist() == pytest.approx([0.25 * 2, 0.5 * 1, 0.25 * 1])


def test_metrics_by_hand() -> None:
    past = torch.tensor([[0.0, 1.0, 0.0, 1.0]])[..., None]  # naive difference 1; two steps before: 0
    future = torch.tensor([[2.0, 0.0]])[..., None]
    said = torch.tensor([[[1.0, 2.0, 3.0], [-1.0, 1.0, 1.5]]])[:, :, None]
    objective = Forecast()
    objective.update(said, batch(past, future))
    found = objective.compute()
    assert found["mase"] == pytest.approx((0 + 1) / 2)
    assert found["mase_naive"] == pytest.approx((1 + 1) / 2)
    losses = [0.25 * 1, 0, 0.25 * 1, 0.25 * 1, 0.5 * 1, 0.25 * 1.5]
    assert found["pinball"] == pytest.approx(sum(losses) / 6)
    assert found["crps"] == pytest.approx(2 * sum(losses) / 6)
    assert (found["coverage"], found["coverage_wanted"]) == (1.0, 0.5)
    assert scales(batch(past, future, 2)).item() == 1.0, "where the seasonal error is 0, the largest value"


def test_the_crps_of_many_quantiles_is_the_gaussians() -> None:
    Q = 399
    levels = torch.arange(1, Q + 1) / (Q + 1)
    truth = torch.randn(4000, 1, 1, generator=torch.Generator().manual_seed(0))
    said = torch.special.ndtri(levels).expand(4000, 1, 1, Q)
    z = truth[:, 0, 0].double().numpy()
    from scipy.stats import norm

    exact = (
        z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)
    ).mean()  # Gneiting and Raftery 2007, eq. 21
    assert 2 * float(pinball(said, truth).mean()) == pytest.approx(exact, abs=0.01)


@given(raw=st.lists(st.floats(-50, 50, width=32), min_size=9, max_size=9))
@settings(max_examples=40, deadline=None)
def test_quantiles_never_cross(raw: list[float]) -> None:
    assert (rising(torch.tensor(raw)).diff() >= 0).all()


@pytest.mark.parametrize("name", ["patch_tst", "lstm", "tcn", "seasonal_naive"])
def test_forecasts_follow_level_and_scale(name: str) -> None:
    options = {} if name in ("patch_tst", "seasonal_naive") else {"output": "forecast"}
    model = zoo.create(name, classes=0, bands=("a", "b"), horizon=5, **options).eval()
    inputs, lengths = torch.randn(3, 40, 2), torch.tensor([40, 40, 40])
    first, moved = model(inputs, lengths), model(7 * inputs + 1000, lengths)
    assert first.shape == (3, 5, 2, 9)
    torch.testing.assert_close(moved, 7 * first + 1000, atol=0.05, rtol=1e-4)


def test_the_seasonal_naive_says_the_last_season_and_its_errors() -> None:
    model = zoo.create("seasonal_naive", classes=0, bands=("x",), horizon=12, season=12)
    assert isinstance(model, SeasonalNaive)
    model.solve([waves(200, 0), waves(200, 1)])
    test = waves(300, 2)
    objective = Forecast()
    objective.update(model(test["inputs"], test["lengths"]), test)
    found = objective.compute()
    assert found["mase"] == pytest.approx(found["mase_seasonal"], rel=0.05)
    assert found["mase"] < 0.2 * found["mase_naive"]
    assert found["coverage"] == pytest.approx(0.8, abs=0.04)


def test_patches_learn_a_sine(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = zoo.create("patch_tst", classes=0, bands=("x",), horizon=12, size=(32, 2, 0.0))
    assert isinstance(model, PatchTst)
    objective, optimizer = Forecast(), torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(60):
        some = waves(32, step)
        loss = objective.losses(model(some["inputs"], some["lengths"]), some)["pinball"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    test = waves(100, 999)
    with torch.no_grad():
        objective.update(model.eval()(test["inputs"], test["lengths"]), test)
    found = objective.compute()
    assert found["mase"] < 0.6 * found["mase_naive"]
    assert imread(objective.draw(tmp_path, pictured("x"))[0]).std() > 0.05


def test_refusals() -> None:
    some = waves(2, 0)
    with pytest.raises(ZooError, match=r"needs quantiles \(B, H, F, Q\) = \(2, 12, 1, 'Q'\).*gives \(2, 5\)"):
        Forecast().losses(torch.zeros(2, 5), some)
    with pytest.raises(ZooError, match="model.horizon=0"):
        zoo.create("lstm", classes=0, bands=("x",), output="forecast", horizon=0)
    with pytest.raises(ZooError, match="model.output='forcast' is nothing this model gives; did you mean forecast"):
        zoo.create("lstm", classes=0, bands=("x",), output="forcast")
