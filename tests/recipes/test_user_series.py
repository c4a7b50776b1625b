"""The user's own csv: four objectives from columns by name, and sentences for what does not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipes.series.user_series import UserSeries
from zoo.errors import ZooError


def file(folder: Path, rows: int = 30, series: int = 20, separator: str = ";") -> str:
    random, lines = np.random.default_rng(0), ["machine;who;hour;x;y;state;kind;bad;part"]
    for one in range(series):
        for hour in range(rows):
            state = "on" if hour % 10 < 5 else "off"
            part = ("train", "train", "val", "test")[one % 4]
            x, y = random.normal(size=2)
            lines.append(f"m{one};p{one % 10};{hour};{x:.3f};{y:.3f};{state};{'ab'[one % 2]};{int(hour == 28)};{part}")
    path = folder / "own.csv"
    path.write_text("\n".join(lines).replace(";", separator) + "\n", encoding="utf-8")
    return str(path)


def own(path: str, objective: str, **options: Any) -> UserSeries:
    columns = {"values": ["x", "y"], "series": "machine", "time": "hour", **options.pop("columns", {})}
    made = UserSeries(
        "series",
        root=path,
        columns=columns,
        objective=objective,
        objectives=["classify", "tag", "forecast", "detect_anomalies"],
        **options,
    )
    made.setup()
    return made


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_classes_of_series_with_groups_undivided(tmp_path: Path, separator: str) -> None:
    data = own(file(tmp_path, separator=separator), "classify", columns={"label": "kind", "group": "who"}, horizon=24)
    assert data.classes == ("a", "b")
    groups = {part: {series.group for series in every} for part, every in data.split.parts.items()}
    assert not (groups["train"] & groups["test"])
    assert not (groups["train"] & groups["val"])
    batch = next(iter(data.test_dataloader()))
    assert batch["inputs"].shape[1:] == (30, 2), "a horizon is for forecasts only"
    assert set(batch["labels"].tolist()) <= {0, 1}


def test_a_group_that_the_file_divides_is_refused(tmp_path: Path) -> None:
    columns = {"label": "kind", "split": "part"}
    parts = own(file(tmp_path), "classify", columns=columns).split.parts
    assert [len(parts[part]) for part in ("train", "val", "test")] == [10, 5, 5]
    with pytest.raises(ZooError, match="group 'p2' is in train .* and in val"):
        own(file(tmp_path), "classify", columns={**columns, "group": "who"})


def test_tags_forecasts_and_anomalies(tmp_path: Path) -> None:
    path = file(tmp_path)
    tagged = own(path, "tag", columns={"label": "state"})
    batch = next(iter(tagged.test_dataloader()))
    assert tagged.classes == ("off", "on")
    assert batch["tags"][0].tolist() == [int(hour % 10 < 5) for hour in range(30)]
    ahead = own(path, "forecast", window=8, horizon=2, ratios=[0.5, 0.2, 0.3])
    batch = next(iter(ahead.test_dataloader()))
    assert (batch["inputs"].shape[1:], batch["future"].shape[1:]) == ((8, 2), (2, 2))
    watched = own(path, "detect_anomalies", columns={"label": "bad"}, ratios=[0.5, 0.2, 0.3])
    assert next(iter(watched.test_dataloader()))["anomalous"].sum(dim=1).tolist() == [1] * 20
    assert not next(iter(watched.val_dataloader()))["anomalous"].any()
    test = next(iter(watched.test_dataloader()))
    assert test["lengths"].tolist() == [len(one.values) for one in watched.split.parts["test"]], "the past is in sight"
    ends = [len(one.values) for one in watched.split.parts["val"]]
    assert test["judged"].int().argmax(dim=1).tolist() == ends, "and not judged"


@pytest.mark.parametrize(
    ("objective", "columns", "said"),
    [
        ("classify", {"label": "state"}, "series 'm0' has 2 different words in column 'state'"),
        ("classify", {}, "task.objective=classify needs data.columns.label"),
        ("tag", {"label": "sate"}, "has no column 'sate'; did you mean state"),
        ("detect_anomalies", {"label": "state"}, "the label 'on' is neither 1 nor 0"),
        ("classify", {"label": "kind", "split": "who"}, "column 'who': the split 'p0' is not known"),
        ("classify", {"label": "kind", "values": ["kind"]}, "column 'kind', line 2: 'a' is no number"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, objective: str, columns: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        own(file(tmp_path), objective, columns=columns)


def test_nothing_named_is_refused() -> None:
    with pytest.raises(ZooError, match=r"data.root=FILE.csv and data.columns.values="):
        UserSeries("series", root=None, columns={"values": []})
