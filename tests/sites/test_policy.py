"""The threshold that counts is the one that the precedence says; those that are fitted reach what is wanted."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.sites.made import site
from tests.sites.test_records import record
from tools.cli import main
from tools.predict.options import Options
from tools.production.serve.answers import moments, subset, under_policy
from tools.production.serve.worker import Served
from zoo.errors import ZooError
from zoo.inference.answers import Detections
from zoo.inference.predictor import Answered
from zoo.sites.areas import holds, read_areas
from zoo.sites.policy import POLICY, Moment, Policy, thresholds_at, within
from zoo.sites.policy_fit import Outcomes, fit
from zoo.sites.records.journal import Recorder
from zoo.sites.settings import Settings

SETTINGS = Settings(task="detection", classes=("car", "bus"), bands=("red",), timezone="Europe/Berlin")
DAY = Moment(datetime(2026, 6, 3, 10, tzinfo=UTC), "north", 10.5, 50.5)  # a Wednesday, 12 in Berlin


def square(west: float, east: float, name: str = "harbour") -> dict[str, Any]:
    ring = [[west, 50], [east, 50], [east, 51], [west, 51], [west, 50]]
    return {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def policy(folder: Path, content: dict[str, Any], *features: dict[str, Any]) -> Policy:
    (folder / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (folder / POLICY).write_text(yaml.safe_dump(content))
    read_areas.cache_clear()
    found = Policy.load(folder, SETTINGS)
    assert found is not None
    return found


def test_the_line_that_counts(tmp_path: Path) -> None:
    found = policy(
        tmp_path,
        {
            "default": {"*": 0.5, "car": 0.4},
            "areas": "areas.geojson",
            "rules": [
                {"when": {"place": "north"}, "thresholds": {"car": 0.6}},
                {"when": {"place": "north"}, "thresholds": {"car": 0.61}},
                {"when": {"area": "harbour", "hours": [22, 6]}, "thresholds": {"*": 0.7}},
                {"when": {"place": "north", "weekdays": ["wed"], "months": [11, 2]}, "thresholds": {"car": 0.8}},
            ],
        },
        square(10, 11),
    )
    night, winter = datetime(2026, 6, 3, 21, tzinfo=UTC), datetime(2026, 1, 7, 10, tzinfo=UTC)
    for label, moment, wanted in (
        ("car", DAY, (0.61, "rules.1")),  # the later of two alike
        ("bus", DAY, (0.5, "default")),
        ("car", Moment(DAY.time, "south"), (0.4, "default")),
        ("bus", Moment(night, "south", 10.5, 50.5), (0.7, "rules.2")),  # 23 in Berlin
        ("car", Moment(night, "north", 10.5, 50.5), (0.61, "rules.1")),  # named before "*"
        ("bus", Moment(night, "south", 12.5, 50.5), (0.5, "default")),
        ("bus", Moment(night, "south"), (0.5, "default")),
        ("car", Moment(winter, "north"), (0.8, "rules.3")),  # more conditions
    ):
        assert found.explain(label, moment) == wanted, (label, moment)
    assert found.lowest() == 0.4
    assert found.keeps(["car", "bus"], [0.5, 0.5], [DAY, DAY]).tolist() == [False, True]


def test_hours_over_midnight_and_months_over_the_new_year() -> None:
    assert [hour for hour in range(24) if within(hour, (22, 3), closed=False)] == [0, 1, 2, 22, 23]
    assert [month for month in range(1, 13) if within(month, (11, 2), closed=True)] == [1, 2, 11, 12]
    assert [hour for hour in range(24) if within(hour, (21, 24), closed=False)] == [21, 22, 23]


@pytest.mark.parametrize(("west", "east"), [(179, 181), (-181, -179), (179, -179)])
def test_an_area_across_the_date_line(tmp_path: Path, west: float, east: float) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"features": [square(west, east)]}))
    read_areas.cache_clear()
    area = read_areas(path)["harbour"]
    for longitude, inside in ((179.5, True), (-179.5, True), (180, True), (-180, True), (178, False), (0, False)):
        assert holds(area, longitude, 50.5) == inside, longitude
    assert area.area == pytest.approx(2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"default": {"cra": 0.5}}, "'cra' is not known; did you mean car"),
        ({"default": {"car": 1.5}}, "default.car"),
        ({"rules": [{"when": {}, "thresholds": {"car": 0.5}}]}, "needs a condition"),
        ({"rules": [{"when": {"hours": [6, 6]}, "thresholds": {"car": 0.5}}]}, "are none"),
        ({"rules": [{"when": {"place": "x"}, "thresholds": {}}]}, "thresholds"),
        ({"rules": [{"when": {"area": "x"}, "thresholds": {"car": 0.5}}]}, "area 'x' is not known"),
        ({"areas": "../areas.geojson"}, "lies outside the site"),
        ({"defualt": {}}, "did you mean default"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        policy(tmp_path, content)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([square(10, 11), square(12, 13)], "is there twice"),
        ([square(700_000, 700_100)], "are no degrees"),
        ([{**square(1, 2), "properties": None}], "properties.name"),
        ([{**square(1, 2), "geometry": {"type": "Point", "coordinates": [1, 2]}}], "valid Polygon"),
    ],
)
def test_areas_that_are_none(tmp_path: Path, features: list[Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        policy(tmp_path, {"areas": "areas.geojson"}, *features)


def test_objects_lie_where_the_map_says(tmp_path: Path) -> None:
    outlines = np.array([[[733_600, 3_725_139]] * 4, [[533_600, 3_725_139]] * 4], float)
    found = Detections(np.zeros((2, 4)), np.array([0.6, 0.6]), ("car", "car"), outlines, "EPSG:32616")
    first, second = moments(found, DAY)
    assert first.longitude == pytest.approx(-84.478, abs=0.01)
    made = square(-85, -84)
    made["geometry"]["coordinates"] = [[[x, y - 17] for x, y in made["geometry"]["coordinates"][0]]]
    rules = [{"when": {"area": "harbour"}, "thresholds": {"car": 0.9}}]
    area = policy(tmp_path, {"areas": "areas.geojson", "rules": rules}, made)
    kept = under_policy(Served("v", [Answered("", found)], None, 1.0, area), DAY)[0].answer
    assert isinstance(kept, Detections)
    assert kept.outlines.tolist() == outlines[1:].tolist()
    assert second.latitude is not None
    assert subset(found, np.array([False, False])).labels == ()


def outcomes(count: int, rng: np.random.Generator, slope: float = 1.0) -> Outcomes:
    scores = rng.random(count)
    return Outcomes(scores, rng.random(count) < scores**slope)


def test_a_wanted_precision_is_met_in_nine_of_ten_cells() -> None:
    rng = np.random.default_rng(0)
    parent, met = outcomes(4000, rng), []
    for _ in range(200):
        found = fit(outcomes(60, rng), parent, "precision", 0.8)
        true = 1 - (1 - found.threshold) / 2  # of scores above t that are right as often as they say
        true = (1 + found.threshold) / 2
        met.append(true >= 0.8)
    assert np.mean(met) >= 0.9


def test_few_answers_are_held_back_to_the_parent() -> None:
    rng = np.random.default_rng(0)
    parent = outcomes(4000, rng)
    whole = fit(parent, parent, "precision", 0.8).threshold
    none = fit(Outcomes(np.zeros(0), np.zeros(0, bool)), parent, "precision", 0.8)
    assert abs(none.threshold - whole) < 0.2
    better = fit(Outcomes(rng.random(2000), np.ones(2000, bool)), parent, "precision", 0.8)
    assert better.threshold < 0.05, "where all is right, all is kept"
    worse = fit(Outcomes(rng.random(2000), np.zeros(2000, bool)), parent, "precision", 0.8)
    assert worse.threshold > 0.95, "where nothing is right, next to nothing is kept"
    assert fit(parent, parent, "recall", 0.9).recall >= 0.9
    dear, cheap = (fit(parent, parent, "cost", cost).threshold for cost in (10.0, 0.1))
    assert dear < 0.3 < 0.7 < cheap
    with pytest.raises(ZooError, match="no labelled answers"):
        fit(none_ := Outcomes(np.zeros(0), np.zeros(0, bool)), none_, "recall", 0.5)


def test_fit_and_replay_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = site(tmp_path)
    name, rng = opened.settings.classes[0], np.random.default_rng(0)
    recorder, lines = Recorder(opened.folder / "records"), ["record,number,right,label"]
    for number in range(60):
        scores = rng.random(3)
        recorder.put(record(f"r{number}", place="north", labels=[name] * 3, scores=scores.tolist()))
        lines += [f"r{number},{i},{int(score > 0.5)}," for i, score in enumerate(scores)]
    recorder.close()
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join([*lines, f"r0,,missed,{name}"]))

    def called(*words: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            main([*words])
        said = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(said.out) if said.out.startswith("[") else said.err

    fit_ = ("policy", "fit", str(opened.folder), "--labels", str(labels), "--json")
    assert "has no policy.yaml" in called("policy", "test", str(opened.folder))[1]
    code, facts = called(*fit_, "--wanted", "0.9")
    assert code == 0
    assert 0.4 < facts[0]["threshold"] < 0.6
    assert "is there already" in called(*fit_)[1]
    code, facts = called("policy", "test", str(opened.folder), "--json")
    assert sum(row["answers"] for row in facts) == 180
    assert 60 < sum(row["kept"] for row in facts) < 120
    shutil.copy(labels, tmp_path / "twice.csv")
    for more, said in (
        ("r0,0,1,", "was labelled before"),
        ("r99,0,1,", "'r99' is not in"),
        ("r1,7,1,", "number must be 0 to 2"),
        ("r1,,missed,nothing", "is no class"),
    ):
        labels.write_text("\n".join([*lines, more]))
        assert said in called(*fit_, "--force")[1]
    labels.write_text("a,b\n1,2\n")
    assert "has no column record" in called(*fit_, "--force")[1]
    assert "did you mean" in called(*fit_, "--force", "--goal", "precison")[1]
    assert "at most 1" in called(*fit_, "--force", "--wanted", "2")[1]


def test_predictions_take_the_thresholds_of_a_place_and_an_hour(tmp_path: Path) -> None:
    made = site(tmp_path)
    first = made.settings.classes[0]
    (made.folder / "policy.yaml").write_text(
        f"default: {{{first}: 0.4}}\nrules:\n- {{when: {{place: north, hours: [22, 6]}}, thresholds: {{{first}: 0.6}}}}\n"
    )
    noon, night = (datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (12, 23))
    assert thresholds_at(made, noon, "north") == {first: 0.4}
    assert thresholds_at(made, night, "north") == {first: 0.6}
    assert thresholds_at(made, night, "south") == {first: 0.4}
    assert Options(policy=made.folder, place="north", time="2026-01-01T23:00:00Z").scores == {first: 0.6}
    for options, said in (
        (Options(place="north"), "--policy SITE names one"),
        (Options(policy=made.folder, score=0.5), "both say the least score"),
    ):
        with pytest.raises(ZooError, match=said):
            _ = options.scores
