"""Fracast: periods of series, and the published weights, which foresee what their own package foresees."""

import math

import pytest
import torch
from torch import Tensor

import zoo
from zoo.errors import ZooError
from zoo.sequence.fracast import build
from zoo.sequence.periods import periods, phases, profile


def series() -> Tensor:
    time = torch.arange(700, dtype=torch.float64)
    day = 3 * torch.sin(2 * math.pi * time / 24)
    return (10 + day + 0.01 * time + 0.5 * torch.sin(time * time / 50)).float()


@pytest.mark.parametrize("period", [5, 7, 24, 100])
def test_the_period_of_a_series_is_found(period: int) -> None:
    torch.manual_seed(0)
    wave = torch.sin(2 * math.pi * torch.arange(2048) / period) + 0.3 * torch.randn(2048)
    assert abs(int(periods(wave[None], 4)[0, 0]) - period) <= period / 20


def test_noise_and_a_flat_line_have_no_period() -> None:
    torch.manual_seed(1)
    found = periods(torch.cat((torch.randn(40, 512), torch.zeros(1, 512))), 4)
    assert found.shape == (41, 4)
    assert (found[:40] > 0).any(dim=1).float().mean() < 0.2
    assert not found[40].any()
    assert periods(torch.randn(1, 2), 4).shape == (1, 4)


def test_what_is_expected_at_a_phase_is_what_was_seen_there() -> None:
    values = torch.tensor([[0.0, 1, 2, 3] * 4])
    observed = torch.ones_like(values, dtype=torch.bool)
    observed[0, ::4] = False
    ahead = torch.arange(16, 20)
    assert profile(values, observed, torch.tensor([4]), ahead).tolist() == [
        [2.0, 1.0, 2.0, 3.0]
    ]  # the mean of all where unseen
    assert profile(values, observed, torch.tensor([0]), ahead).tolist() == [[2.0] * 4]
    assert phases(ahead, torch.tensor([[4, 0]]))[0, 1].tolist() == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-5)


def test_any_horizon_and_what_is_not_a_number_is_not_seen() -> None:
    torch.manual_seed(0)
    values = series()[None, :, None].clone()
    lengths = torch.tensor([700])
    long, short = (build(2, 1, horizon=h).eval() for h in (110, 5))
    short.load_state_dict(long.state_dict())
    values[0, 300] = float("nan")
    with torch.no_grad():
        ahead = long(values, lengths)
        assert ahead.shape == (1, 110, 1, 9)
        torch.testing.assert_close(short(values, lengths), ahead[:, :5])
        torch.testing.assert_close(long(values * 1000 + 5, lengths), ahead * 1000 + 5, rtol=1e-3, atol=1.0)
    assert ahead.isfinite().all()
    assert (ahead.diff(dim=3) >= 0).all()
    with pytest.raises(ZooError, match="horizon=0"):
        build(2, 1, horizon=0)


def test_every_parameter_learns_from_a_series_with_a_period() -> None:
    model = build(2, 1, horizon=48)
    found = model(series()[None, :, None], torch.tensor([700]))
    (found * torch.randn(found.shape)).sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.real
def test_known_answer() -> None:
    """Steps 1, 48 and 60 of 60 behind 700, and step 3 behind 20, by the package itself, with its quantiles in order."""
    model = zoo.create("fracast", classes=2, bands=("value",), horizon=60, pretrained=True).eval()
    with torch.no_grad():
        found = model(series()[None, :, None], torch.tensor([700]))[0, :, 0]
        short = model(series()[None, :20, None], torch.tensor([20]))[0, 2, 0]
    first = [19.2329063, 19.5362091, 19.7084274, 19.8703651, 19.9770927, 20.1855030, 20.3424015, 20.5266876, 20.7115784]
    third = [7.1413153, 7.4963931, 7.9481626, 8.2626321, 8.6171509, 8.9746397, 9.5987588, 10.5558783, 11.7556476]
    torch.testing.assert_close(found[0], torch.tensor(first), atol=1e-4, rtol=0)
    torch.testing.assert_close(found[47, [0, 8]], torch.tensor([18.2485045, 20.4006901]), atol=1e-4, rtol=0)
    assert float(found[23, 4]) == pytest.approx(19.65049, abs=1e-4)
    torch.testing.assert_close(short, torch.tensor(third), atol=1e-4, rtol=0)
