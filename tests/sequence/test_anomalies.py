"""Anomalies: NAB's score by its own definition, step by step; metrics by hand; detectors that see nothing ahead."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from tasks.objectives import nab
from tasks.objectives.anomalies import DetectAnomalies, average_precision
from tests.sequence.test_series_pictures import pictured
from zoo.errors import ZooError
from zoo.sequence.closed_form import ClosedForm
from zoo.sequence.streaming import rested, running

DETECTORS = [name for name, card in zoo.cards().items() if "detect_anomalies" in card.objectives]


def published(scores: np.ndarray, labels: np.ndarray, costs: nab.Costs, threshold: float) -> float:
    """The raw score of one series at a threshold, written out from the paper's rules row by row."""
    runs, T = nab.windows(labels), len(scores)
    first = min(math.floor(0.15 * T), 0.15 * 5000)
    best: dict[int, float] = {}
    total = 0.0
    for i in range(T):
        inside = [k for k, (a, b) in enumerate(runs) if a <= i <= b]
        if i < first:
            continue
        if inside:
            a, b = runs[inside[0]]
            place = -(b - i + 1) / (b - a + 1)
            worth = (2 / (1 + math.exp(5 * place)) - 1) / (2 / (1 + math.exp(-5)) - 1) * costs.found
            best.setdefault(inside[0], -costs.missed)
            if scores[i] >= threshold:
                best[inside[0]] = max(best[inside[0]], worth)
        elif scores[i] >= threshold:
            before = [run for run in runs if run[1] < i]
            worth = -1.0
            if before:
                a, b = before[-1]
                place = (i - b) / max(b - a, 1)
                worth = -1.0 if place > 3 else 2 / (1 + math.exp(5 * place)) - 1
            total += worth * costs.alarm
    return total + sum(best.values())


@given(seed=st.integers(0, 10_000), T=st.integers(20, 120))
@settings(max_examples=40, deadline=None)
def test_the_score_is_that_of_the_rules(seed: int, T: int) -> None:
    random = np.random.default_rng(seed)
    scores, labels = random.integers(0, 6, T) / 5, np.zeros(T, bool)
    for _ in range(2):
        start = int(random.integers(T // 4, T - 6))
        labels[start : start + int(random.integers(2, 6))] = True
    every = nab.corpus([scores], [labels])
    for costs in nab.PROFILES.values():
        thresholds, raw = nab.curve(every, costs)
        for threshold, value in zip(thresholds, raw, strict=True):
            assert value == pytest.approx(published(scores, labels, costs, threshold), abs=1e-9)


def test_silence_is_0_and_every_first_step_100() -> None:
    labels = np.zeros(400, bool)
    labels[100:120] = labels[300:340] = True
    perfect, silent = np.zeros(400), np.zeros(400)
    perfect[[100, 300]] = 1
    for costs in nab.PROFILES.values():
        assert nab.score(nab.corpus([perfect], [labels]), 2, costs, 0.5) == pytest.approx(100)
        assert nab.score(nab.corpus([silent], [labels]), 2, costs, 0.5) == 0
        late = np.roll(perfect, 15)
        assert 0 < nab.score(nab.corpus([late], [labels]), 2, costs, 0.5) < 100
    assert nab.probation(400) == 60
    assert nab.probation(22_000) == 750


def test_average_precision_by_hand_and_with_ties() -> None:
    assert average_precision(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False])) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    assert average_precision(np.ones(10), np.arange(10) < 3) == pytest.approx(0.3)
    from torchmetrics.functional.classification import binary_average_precision

    random = np.random.default_rng(0)
    scores, wanted = random.integers(0, 50, 500) / 50, random.random(500) < 0.2
    theirs = binary_average_precision(torch.from_numpy(scores), torch.from_numpy(wanted.astype(int)))
    assert average_precision(scores, wanted) == pytest.approx(float(theirs), abs=1e-6)


def stream(count: int, seed: int, T: int = 600) -> dict[str, Any]:
    """Noise around a level, with a jump that is labelled from its first step on."""
    random = np.random.default_rng(seed)
    values = 50 + random.normal(size=(count, T, 1)).astype(np.float32)
    anomalous = np.zeros((count, T), bool)
    for row in range(count):
        start = int(random.integers(200, T - 20))
        values[row, start : start + 10] += 12
        anomalous[row, start : start + 10] = True
    return {
        "inputs": torch.from_numpy(values), "lengths": torch.full((count,), T), "names": [f"s{i}" for i in range(count)],
        "anomalous": torch.from_numpy(anomalous),
    }  # fmt: skip


@pytest.mark.parametrize("name", DETECTORS)
def test_detectors_see_nothing_ahead(name: str) -> None:
    torch.manual_seed(0)
    model, some = zoo.create(name, classes=0, bands=("v",)).eval(), stream(2, 0)
    changed = some["inputs"].clone()
    changed[:, 400:] = 1000 * torch.randn(2, 200, 1)
    with torch.no_grad():
        first, second = model(some["inputs"], some["lengths"]), model(changed, some["lengths"])
    torch.testing.assert_close(first[:, :400], second[:, :400], atol=1e-3, rtol=1e-3)
    assert not torch.equal(first[:, 400:], second[:, 400:])


@pytest.mark.parametrize("name", [name for name in DETECTORS if name != "autoencoder"])
def test_jumps_are_found_without_steps(name: str, tmp_path: Path) -> None:
    model, objective = zoo.create(name, classes=0, bands=("v",)).eval(), DetectAnomalies(headline="nab")
    assert isinstance(model, ClosedForm)
    normal, test = stream(6, 1), stream(6, 2)
    normal = {**normal, "inputs": normal["inputs"].clamp(max=54), "anomalous": torch.zeros(6, 600, dtype=torch.bool)}
    model.solve([normal])
    objective.update(model(normal["inputs"], normal["lengths"]), normal)
    learnt = objective.compute()
    assert math.isnan(learnt["nab"])
    objective.on_data(None, "test")
    objective.update(model(test["inputs"], test["lengths"]), test)
    found = objective.compute()
    assert found["threshold"] == learnt["threshold"]
    assert found["nab"] >= found["nab_learnt"] > 40
    assert found["f1"] > 0.1
    assert objective.draw(tmp_path, pictured("v"))[0].stat().st_size > 10_000


def test_an_autoencoder_learns_what_is_normal() -> None:
    torch.manual_seed(0)
    time = torch.arange(400) / 10
    phase = torch.rand(16, 1)
    inputs = torch.sin(time + 6 * phase)[..., None]
    model, objective = zoo.create("autoencoder", classes=0, bands=("v",)), DetectAnomalies()
    optimizer, batch = (
        torch.optim.Adam(model.parameters(), lr=3e-3),
        {"inputs": inputs, "lengths": torch.full((16,), 400)},
    )
    losses = []
    for _ in range(40):
        loss = objective.losses(model(inputs, batch["lengths"]), batch)["unusual"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_one_alarm_for_one_event() -> None:
    scores = torch.tensor([[0.0, 5, 4, 6, 1, 2, 7, 0, 3]])
    assert rested(scores, 3).tolist() == [[0, 5, -1, 6, -1, -1, 7, -1, -1]]
    assert torch.equal(rested(scores, 0), scores)


def test_running_statistics_are_those_of_the_last_steps() -> None:
    values = 1e4 + torch.randn(2, 50, 3)
    mean, deviation = running(values, 7)
    for t in (0, 3, 6, 7, 49):
        part = values[:, max(0, t - 6) : t + 1].double()
        torch.testing.assert_close(mean[:, t].double(), part.mean(dim=1), atol=1e-2, rtol=0)
        torch.testing.assert_close(deviation[:, t].double(), part.std(dim=1, correction=0), atol=1e-3, rtol=1e-3)


def test_refusals() -> None:
    with pytest.raises(ZooError, match=r"headline='nba' is not known; did you mean nab"):
        DetectAnomalies(headline="nba")
    with pytest.raises(ZooError, match=r"quantile=0"):
        DetectAnomalies(quantile=0)
    some = stream(2, 0)
    with pytest.raises(ZooError, match=r"needs scores \(B, T\) = \(2, 600\), and the model gives \(2, 5\)"):
        DetectAnomalies().losses(torch.zeros(2, 5), some)


@pytest.mark.parametrize("name", ["hotelling_t2", "pca_residual"])
def test_sensors_that_part_are_found_though_none_leaves_its_range(name: str) -> None:
    random = torch.Generator().manual_seed(0)
    level = torch.randn(1, 2000, 1, generator=random)
    inputs = torch.cat([level, 2 * level, -level, torch.ones_like(level)], dim=2)  # the last sensor is flat
    inputs[..., :3] += 0.05 * torch.randn(1, 2000, 3, generator=random)
    model, lengths = zoo.create(name, classes=0, bands=tuple("abcd")), torch.tensor([2000])
    assert isinstance(model, ClosedForm)
    model.solve([{"inputs": inputs, "lengths": lengths}])
    usual = model(inputs, lengths)
    broken = inputs.clone()
    broken[0, 1000, 1] *= -1
    assert model(broken, lengths)[0, 1000] > 10 * usual[0].quantile(0.99)
    assert torch.equal(model(broken, lengths)[0, :1000], usual[0, :1000])
