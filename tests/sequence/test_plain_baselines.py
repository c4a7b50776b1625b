"""The plain baselines say what their methods say: means, levels, trends, years, and tags by how words are written."""

from typing import Any

import pytest
import torch

import zoo
from tasks.objectives.forecast import Forecast
from zoo.errors import ZooError
from zoo.sequence.harmonic_regression import HarmonicRegression
from zoo.sequence.linear_crf import LinearCrf, WordFeatures
from zoo.sequence.linear_forecast import decompose
from zoo.sequence.point_forecast import PointForecast
from zoo.sequence.theta import slope

MEDIAN = 4


def whole(series: torch.Tensor) -> torch.Tensor:
    """Return the lengths of series that fill their rows."""
    return torch.full((len(series),), series.shape[1])


def test_the_mean_of_the_last_seasons() -> None:
    model = zoo.create("seasonal_naive", classes=0, bands=("x",), horizon=4, season=2, seasons=2)
    series = torch.tensor([[9.0, 9.0, 1.0, 2.0, 3.0, 6.0], [5.0, 7.0, 8.0, 0.0, 0.0, 0.0]])[..., None]
    said = model(series, torch.tensor([6, 3]))[..., 0, MEDIAN]
    torch.testing.assert_close(said, torch.tensor([[2.0, 4.0, 2.0, 4.0], [7.0, 6.5, 7.0, 6.5]]))


def test_the_point_is_the_median_and_the_band_that_of_the_errors() -> None:
    model = zoo.create("seasonal_naive", classes=0, bands=("x",), horizon=3)
    assert isinstance(model, PointForecast)
    walks = torch.randn(400, 63, 1, generator=torch.Generator().manual_seed(0)).cumsum(dim=1)
    batch: dict[str, Any] = {"inputs": walks[:, :60], "lengths": torch.full((400,), 60), "future": walks[:, 60:]}
    model.solve([batch])
    said = model(batch["inputs"], batch["lengths"])
    torch.testing.assert_close(said[..., MEDIAN], walks[:, 59:60].expand(-1, 3, -1), atol=1e-4, rtol=1e-4)
    inside = (batch["future"] >= said[..., 0]) & (batch["future"] <= said[..., -1])
    assert float(inside.float().mean()) == pytest.approx(0.8, abs=0.03)


def test_theta_carries_half_of_the_trend_on() -> None:
    steps = torch.arange(40.0)
    series = torch.stack([3 * steps + 7, torch.full((40,), 5.0)])[..., None]
    torch.testing.assert_close(slope(series, whole(series))[:, 0], torch.tensor([3.0, 0.0]))
    said = zoo.create("theta", classes=0, bands=("x",), horizon=4)(series, whole(series))[..., 0, MEDIAN]
    # a line is followed at once, so the level is the last value; half a slope a step from there
    torch.testing.assert_close(said[0], series[0, -1] + 1.5 * torch.arange(1, 5), atol=1e-2, rtol=1e-3)
    torch.testing.assert_close(said[1], torch.full((4,), 5.0))


def year(count: int, seed: int, T: int = 60, H: int = 5) -> dict[str, Any]:
    random = torch.Generator().manual_seed(seed)
    time = torch.arange(T + H) + 20 * torch.rand(count, 1, generator=random)
    values = 10 * torch.sin(2 * torch.pi * time / 20) + torch.cos(2 * torch.pi * time / 10)
    noise = torch.randn(count, T + H, generator=random)
    for step in range(1, T + H):
        noise[:, step] += 0.7 * noise[:, step - 1]
    series = (values + noise)[..., None]
    return {
        "inputs": series[:, :T], "lengths": torch.full((count,), T), "future": series[:, T:], "season": 1,
        "names": [f"w{i}" for i in range(count)],
    }  # fmt: skip


def test_waves_are_continued_and_errors_fade_as_they_do_in_training() -> None:
    model = zoo.create("harmonic_regression", classes=0, bands=("x",), horizon=5, period=20, harmonics=2, order=2)
    assert isinstance(model, HarmonicRegression)
    model.solve([year(400, 0)])
    assert model.lags[0, 0].tolist() == pytest.approx([0.7**h for h in range(1, 6)], abs=0.15)
    objective, test = Forecast(), year(200, 1)
    objective.update(model(test["inputs"], test["lengths"]), test)
    found = objective.compute()
    assert found["mase"] < 0.5 * found["mase_naive"]
    assert found["coverage"] == pytest.approx(0.8, abs=0.06)


def test_waves_need_a_period() -> None:
    with pytest.raises(ZooError, match="model.period=2, model.harmonics=1 and model.order=3"):
        zoo.create("harmonic_regression", classes=0, bands=("x",), period=2, harmonics=1)


def test_a_series_is_the_sum_of_trend_and_rest() -> None:
    past = torch.randn(2, 3, 96).cumsum(dim=2)
    trend, rest = decompose(past)
    torch.testing.assert_close(trend + rest, past)
    assert trend.diff().abs().mean() < 0.3 * past.diff().abs().mean()
    line = decompose(torch.arange(96.0)[None, None])[1]
    assert float(line[..., 12:-12].abs().max()) < 1e-4, "of a line nothing is left inside"


def rows(*sentences: str, length: int = 12) -> torch.Tensor:
    """Return sentences as steps (B, T, 1 + C), as the data module of texts lays them out; every word is unknown."""
    longest = max(len(sentence.split()) for sentence in sentences)
    made = torch.zeros(len(sentences), longest, 1 + length, dtype=torch.int64)
    for row, sentence in enumerate(sentences):
        for step, word in enumerate(sentence.split()):
            signs = [1, *map(ord, f"<{word}>")][: 1 + length]
            made[row, step, : len(signs)] = torch.tensor(signs)
    return made


def test_features_are_of_small_letters_endings_and_shapes() -> None:
    read = WordFeatures(100_000)
    same, capital, cut = (read.own(rows(word, length=length)) for word, length in
        (("walking", 12), ("Walking", 12), ("walking", 9)))  # fmt: skip
    assert same[0, 0, :-4].tolist() == capital[0, 0, :-4].tolist(), "small letters are the same"
    assert same[0, 0, -1] != capital[0, 0, -1], "how it is written is not"
    assert same.tolist() == cut.tolist(), "the length of the row does not matter where the word fits"
    talking = read.own(rows("talking"))
    assert (talking == same)[0, 0].tolist() == [False, True, True, False, *[True] * 4], (
        "the endings and the shape agree"
    )


def test_a_random_field_learns_what_is_written_with_a_capital() -> None:
    torch.manual_seed(0)
    model = zoo.create("linear_crf", classes=2, bands=tuple("abcdefghijklm"), buckets=5000, strength=0.01)
    assert isinstance(model, LinearCrf)
    sentences = (
        "we met Anna in Rome", "he saw the old bridge", "Paul met a friend there", "all of Spain knows Eve",
        "she likes Bern and rain", "ask Tim or his brother", "it rains on the hills", "Oslo has seen Jane before",
    )  # fmt: skip
    inputs = rows(*sentences)
    tags = torch.tensor([[int(word[0].isupper()) for word in sentence.split()] for sentence in sentences])
    model.solve([{"inputs": inputs, "lengths": whole(inputs), "tags": tags}])
    unseen = rows("they know Mary from Lyon")
    model.eval()
    assert model.decode(model(inputs, whole(inputs)), whole(inputs)).tolist() == tags.tolist()
    assert model.decode(model(unseen, whole(unseen)), whole(unseen)).tolist() == [[0, 0, 1, 0, 1]]
