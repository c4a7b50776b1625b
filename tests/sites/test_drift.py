"""Drift that is planted is found, and where nothing changed there are no more alarms than the rate says."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import ks_2samp

from zoo.errors import ZooError
from zoo.sites.drift.families import Family, holm, slices, watch
from zoo.sites.drift.permutations import Bins, Finding, Ranks, adjusted_p, compare
from zoo.sites.drift.samples import Sample
from zoo.sites.records.statistics import sketch, statistics


def sample(count: int, rng: np.random.Generator, columns: int = 4, places: int = 1) -> Sample:
    shared = rng.normal(size=count)  # columns that depend on one another, as statistics of one picture do
    values = {f"c{i}": shared + 0.5 * rng.normal(size=count) for i in range(columns)}
    return Sample(
        values,
        rng.normal(size=(count, 6)) + shared[:, None],
        np.array([f"p{i % places}" for i in range(count)], object),
        np.full(count, 12.0),
    )


def alarmed(found: list[Family]) -> bool:
    return any(one.alarm for one in found)


def test_the_distance_is_scipys_and_ties_are_no_distance() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 80).astype(float), rng.integers(0, 6, 50).astype(float)
    own = np.zeros((1, 130), np.float32)
    own[0, 80:] = 1
    assert Ranks(np.concatenate([a, b]), 80)(own)[0] == pytest.approx(ks_2samp(a, b).statistic, abs=1e-6)
    missing = np.concatenate([a, np.full(50, np.nan)])
    assert Ranks(missing, 80)(own)[0] == pytest.approx(1)
    assert Bins(missing, 80)(own)[0] > 1


def test_false_alarms_of_a_family_are_as_many_as_the_rate_says() -> None:
    rng, rate, windows = np.random.default_rng(1), 0.1, 300
    hits = sum(alarmed(watch(sample(60, rng, 3), sample(40, rng, 3), rate, seed)) for seed in range(windows))
    spread = 3 * np.sqrt(rate * (1 - rate) / windows)
    assert rate - spread <= hits / windows <= rate + spread


def test_false_alarms_over_families_are_as_many_at_most() -> None:
    rng, rate, windows = np.random.default_rng(2), 0.1, 120
    hits = sum(alarmed(watch(sample(120, rng, 2, 3), sample(120, rng, 2, 3), rate, seed)) for seed in range(windows))
    assert hits / windows <= rate + 3 * np.sqrt(rate * (1 - rate) / windows)
    assert len(list(slices(sample(120, rng, 2, 3), sample(120, rng, 2, 3)))) == 4


def picture(rng: np.random.Generator) -> np.ndarray:
    """A picture (3, 48, 48) of blocks, brighter or darker as days are."""
    blocks = rng.random((3, 12, 12)) * rng.uniform(0.7, 1.0)
    return np.kron(blocks, np.ones((1, 4, 4))) + rng.normal(0, 0.02, (3, 48, 48))


def taken(count: int, seed: int, change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Sample:
    rng = np.random.default_rng(seed)
    seen = [change(picture(rng), rng) for _ in range(count)]
    rows = [statistics(one) for one in seen]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Sample(columns, np.array([sketch(one) for one in seen]), np.full(count, "", object), np.full(count, 12.0))


def without_band(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return image * np.array([1, 1, 0])[:, None, None]


def season(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.stack([image[0] * 1.25, image[1] * 0.8, image[2]])


DRIFTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "darker": lambda image, rng: image * 0.85,
    "blurred": lambda image, rng: (image + np.roll(image, 1, 1) + np.roll(image, 1, 2)) / 3,
    "gain": lambda image, rng: (image - 0.5) * 1.2 + 0.5,
    "noise": lambda image, rng: image + rng.normal(0, 0.03, image.shape),
    "season": season,
    "missing band": without_band,
}


@pytest.mark.parametrize("name", DRIFTS)
def test_planted_drift_is_found_within_two_hundred_records(name: str) -> None:
    reference = taken(300, 0, lambda image, rng: image)
    found = watch(reference, taken(200, 1, DRIFTS[name]))
    assert alarmed(found)
    assert not alarmed(watch(reference, taken(200, 2, lambda image, rng: image)))


def test_a_drift_at_one_place_is_found_there() -> None:
    rng = np.random.default_rng(3)
    before, after = sample(600, rng, 3, 4), sample(400, rng, 3, 4)
    after.columns["c1"][after.places == "p2"] += 1.5
    found = {one.name: one.alarm for one in watch(before, after)}
    assert found["place p2"]
    assert not any(found[f"place p{i}"] for i in (0, 1, 3))


def test_too_few_records_and_rates_that_are_none() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ZooError, match="the window has 5 records"):
        watch(sample(50, rng), sample(5, rng))
    with pytest.raises(ZooError, match="is none"):
        watch(sample(50, rng), sample(50, rng), 0)
    still = Sample({"c": np.ones(40)}, np.zeros((40, 0)), np.full(40, "", object), np.full(40, 1.0))
    assert compare(still, still, 99, rng) == []


def test_p_values_are_ranks_and_holm_steps_down() -> None:
    p, adjusted = adjusted_p(np.array([5.0, 1.0]), np.tile(np.array([[1.0, 1.0]]), (99, 1)))
    assert p.tolist() == [0.01, 1.0]
    assert adjusted.tolist() == [0.01, 1.0]

    def family(value: float) -> Family:
        return Family("x", 1, 1, (Finding("c", "KS", 1, value, value, 0, 0),))

    families = [family(0.021), family(0.001), family(0.9), family(0.012)]
    assert [one.alarm for one in holm(families, 0.04)] == [False, True, False, True]
