"""Pictures of series: dates and names stand beside the values."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from recipes.series.user_series import UserSeries
from tasks.plots import anomalies, forecast
from tasks.plots.time_axis import positions, show_times
from tasks.results.anomalies import AnomalyResult
from tasks.results.forecast import ForecastResult

DAY = 86_400.0
START = 1.6e9


def pictured(*names: str, times: np.ndarray | None = None) -> SimpleNamespace:
    """Stands in for the data module."""
    return SimpleNamespace(axis_names=lambda: names, axis_times=lambda name: times)


def test_an_axis_shows_dates_where_there_are_some() -> None:
    axes = Figure().subplots()
    at = positions(START + DAY * np.arange(50), 40)
    assert at[0] == np.datetime64(int(START + 10 * DAY), "s"), "the last steps of the series are those that are shown"
    axes.plot(at, range(40))
    show_times(axes, at)
    formatter = axes.xaxis.get_major_formatter()
    ticks = formatter.format_ticks(axes.get_xticks())
    assert "2020" in formatter.get_offset() or "2020" in ticks
    assert positions(None, 3).tolist() == [0, 1, 2]
    assert positions(np.arange(5.0), 3).tolist() == [2, 3, 4]


def test_of_many_sensors_those_that_tell_most_are_shown(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    values[100:110, [2, 6]] += 20
    anomalous = np.zeros(200, bool)
    anomalous[100:110] = True
    one = AnomalyResult("a pump with a long name " * 4, values, anomalous.astype(float), anomalous)
    assert {2, 6} <= set(anomalies.telling(one, 0.5))
    names = tuple(f"sensor {i} of the outlet, bar" for i in range(8))
    path = anomalies.draw(tmp_path / "a.png", [one], 0.5, pictured(*names, times=START + DAY * np.arange(200)))
    with Image.open(path) as image:
        assert min(image.size) > 200


def test_of_a_window_the_column_that_was_foreseen_worst_is_shown(tmp_path: Path) -> None:
    said = torch.zeros(4, 2, 9)
    one = ForecastResult("w", torch.rand(16, 2), torch.tensor([[0.0, 3.0]]).repeat(4, 1), said, torch.ones(2))
    assert one.errors.tolist() == [0, 3]
    assert one.error == 1.5
    figure = forecast.draw(tmp_path / "f.png", [one], pictured("inlet", "outlet", times=START + DAY * np.arange(20)))
    assert figure.is_file()


def test_windows_of_ones_own_series_know_their_times(tmp_path: Path) -> None:
    rows = [f"{np.datetime64('2024-01-01') + i},{412_000_000 + 3 * i + i % 2}" for i in range(200)]
    (tmp_path / "s.csv").write_text("\n".join(["day,meter", *rows]))
    columns = {"values": ["meter"], "time": "day"}
    kind = {"objective": "forecast", "objectives": ["forecast"], "window": 12, "horizon": 4}
    data = UserSeries("series", root=str(tmp_path / "s.csv"), columns=columns, **kind)
    data.setup()
    one = data.split.parts["test"][0]
    times = data.axis_times(one.name)
    assert times is not None
    assert len(times) == len(one.values) == 16
    assert str(positions(times, 4)[0])[:10] in one.name, "a window is called by the first step that is foreseen"
    assert data.axis_names()[0].startswith("meter - 412,000,")
