"""Times and splits in time: nothing of later is in training, and uneven times are a choice."""

import numpy as np
import pytest

from recipes.finance.prices import Prices
from recipes.series import times
from recipes.series.future import Timed, in_turn, split_in_time
from recipes.series.series import Series
from zoo.errors import ZooError


def counting(name: str, start: int, end: int) -> Timed:
    days = np.arange(start, end, dtype=np.float64)
    return Timed(Series(name, days[:, None].astype(np.float32)), days)


def test_training_ends_before_all_that_is_judged() -> None:
    parts, note = split_in_time(
        [counting("a", 0, 1000), counting("b", 600, 1000), counting("late", 950, 1000)], (0.7, 0.1, 0.2), 20, 5
    )
    ends = {part: max(float(s.values.max()) for s in series) for part, series in parts.items()}
    assert ends["train"] < 700 <= min(float(s.values[-5:].min()) for s in parts["val"])
    assert ends["val"] < 800.2 <= min(float(s.values[-5:].min()) for s in parts["test"]) + 1
    futures = [value for s in parts["test"] if s.name.startswith("a ") for value in s.values[-5:, 0]]
    assert len(set(futures)) == len(futures) >= 190, "futures lie end to end"
    assert {s.name.split()[0] for s in parts["test"]} == {"a", "b", "late"}
    assert {s.name for s in parts["train"]} == {"a", "b"}
    assert "training ends before" in note[0]
    with pytest.raises(ZooError, match="no window of data.window=900 and data.horizon=5 steps fits into train"):
        split_in_time([counting("a", 0, 1000)], (0.7, 0.1, 0.2), 900, 5)


def test_detectors_are_judged_behind_what_they_have_seen() -> None:
    parts, note = in_turn([counting("a", 0, 100).series], (0.7, 0.1, 0.2))
    assert {part: len(series[0].values) for part, series in parts.items()} == {"train": 70, "val": 80, "test": 100}
    assert parts["train"][0].steps is None
    judged = {part: parts[part][0].steps for part in ("val", "test")}
    assert {part: np.flatnonzero(steps >= 0).tolist() for part, steps in judged.items() if steps is not None} == {
        "val": list(range(70, 80)),
        "test": list(range(80, 100)),
    }
    assert "training, then validation, then test" in note[0]


def test_times_are_read_as_people_write_them() -> None:
    for word in ("2026-01-31", "2026/01/31", "31.01.2026", "2026-01-31T00:00:00+00:00", "Jan 31 2026", "01/31/2026"):
        assert times.read_times([word], [2], "t.csv") == [1769817600.0]
    assert times.read_times(["2026-01-31T01:00:00+01:00"], [2], "t")[0] == 1769817600.0
    assert times.read_times(["3", "4.5"], [2, 3], "t").tolist() == [3, 4.5]
    assert times.read_times(["31.01.2026", "31.01.2026 12:00"], [2, 3], "t").tolist() == [1769817600.0, 1769860800.0]
    with pytest.raises(ZooError, match="t.csv, line 3: 'soon' is no time"):
        times.read_times(["2026-01-31", "soon"], [2, 3], "t.csv")


def test_day_and_month_are_settled_over_the_column_or_by_a_format() -> None:
    american = ["01/02/2026", "01/03/2026", "01/13/2026"]
    january = [times.parse_time(f"2026-01-{day}") for day in ("02", "03", "13")]
    assert times.read_times(american, [2, 3, 4], "t").tolist() == january
    rising = ["01/02/2026", "01/03/2026", "02/01/2026"]  # by days it would go back
    assert times.read_times(rising, [2, 3, 4], "t")[2] == times.parse_time("2026-02-01")
    with pytest.raises(ZooError, match=r"line 2: '01/02/2026' may name the day or the month first.*write it as 2026"):
        times.read_times(["01/02/2026", "02/03/2026"], [2, 3], "t")
    assert times.read_times(["01/02/2026"], [2], "t", "%d/%m/%Y") == [times.parse_time("2026-02-01")]
    with pytest.raises(
        ZooError, match="line 3: '13/01/2026' is no time; it is not written as data.time_format=%m/%d/%Y"
    ):
        times.read_times(["01/02/2026", "13/01/2026"], [2, 3], "t", "%m/%d/%Y")


def test_times_go_on_as_they_came() -> None:
    days = [times.parse_time(f"2026-01-{day:02}") for day in (5, 6, 7, 8, 9, 12, 13, 14, 15, 16)]  # Monday to Friday
    assert [times.stamp(at) for at in times.following(np.array(days), 2)] == ["2026-01-19", "2026-01-20"]
    months = [times.parse_time(f"2026-{month:02}-01") for month in (1, 2, 3)]
    assert [times.stamp(at) for at in times.following(np.array(months), 3)] == [
        "2026-04-01",
        "2026-05-01",
        "2026-06-01",
    ]
    assert times.following(np.array([0.0, 60.0, 120.0]), 2).tolist() == [180.0, 240.0]
    assert times.following(np.zeros(0), 2).size == 0


def test_uneven_times_are_a_choice() -> None:
    at, values = np.array([0.0, 60, 120, 300, 240]), np.array([0, 1, 2, 5, np.nan], np.float32)[:, None]
    grid, found = times.even(at, values, "resample", "t")
    assert grid.tolist() == [0, 60, 120, 180, 240, 300]
    np.testing.assert_allclose(found[:, 0], [0, 1, 2, 3, 4, 5])
    assert times.even(at, values, "rows", "t")[0].tolist() == [0, 60, 120, 240, 300]
    with pytest.raises(ZooError, match="rows are 60 s apart, but 120 s after 120; data.times=resample"):
        times.even(at, values, "raise", "t", asked=True)
    with pytest.raises(ZooError, match="the time 60 is there twice"):
        times.even(np.array([0.0, 60, 60]), values[:3], "rows", "t")


@pytest.mark.real
@pytest.mark.parametrize(("name", "features"), [("stocks", 1), ("weather", 3)])
def test_the_real_series(name: str, features: int) -> None:
    data = Prices(
        "finance", set=name, objective="forecast", objectives=["forecast"], window=60, horizon=7, missing="hold"
    )
    data.prepare_data()
    data.setup()
    batch = next(iter(data.test_dataloader()))
    assert batch["inputs"].shape[1:] == (60, features)
    assert batch["future"].shape[1:] == (7, features)
    assert data.profile().classes == {"series": 4 if name == "stocks" else 1}


@pytest.mark.real
def test_prices_are_watched_too() -> None:
    asked = {"objective": "detect_anomalies", "objectives": ["forecast", "detect_anomalies"], "horizon": 7}
    data = Prices("finance", window=60, missing="hold", **asked)
    data.setup()
    batch = next(iter(data.test_dataloader()))
    assert sorted(batch["lengths"].tolist()) == [196, 2148, 3270, 3270, 3270]
    assert sorted(batch["judged"].sum(dim=1).tolist()) == [39, 430, 654, 654, 654]
    assert not batch["anomalous"].any()
