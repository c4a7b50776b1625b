"""The whole loop, end to end, on made-up pictures: served, collected, labelled, learnt, judged; and what a year is made of."""

import json
from pathlib import Path

import numpy as np
import pytest

from tools.cli import main
from tools.production.simulate.command import Options
from tools.production.simulate.world import CLASSES, LATE_PLACE, LATER, Curves, Year, before, said_wrongly, shots
from zoo.errors import ZooError
from zoo.sites.labels import LabelBook
from zoo.sites.site import Site


def test_a_year_is_the_same_from_the_same_seed_and_what_comes_later_is_not_there_before() -> None:
    year = Year()
    first, again = (list(shots(year, 8, np.random.default_rng(3), 60)) for _ in range(2))
    assert all(np.array_equal(a.picture, b.picture) and a.label == b.label for a, b in zip(first, again, strict=True))
    assert {shot.place for shot in first} >= {LATE_PLACE}
    assert {shot.label for shot in first} == {*CLASSES, LATER}
    early = [*shots(year, 4, np.random.default_rng(3), 60), *before(year, np.random.default_rng(0), 60)]
    assert not {shot.label for shot in early} & {LATER}
    assert not {shot.place for shot in early} & {LATE_PLACE}
    times = [shot.time for shot in first]
    assert times == sorted(times)


def test_labels_are_wrong_as_often_as_said() -> None:
    rng = np.random.default_rng(0)
    wrong = [said_wrongly("circle", CLASSES, 0.1, rng) != "circle" for _ in range(3000)]
    assert abs(np.mean(wrong) - 0.1) < 0.02
    assert said_wrongly("circle", ["circle", "cross"], 0.0, rng) == "circle"


def test_changes_come_in_their_order_in_a_short_year_too() -> None:
    for steps in (3, 6, 12, 24):
        year = Options(steps=steps).year()
        assert 0 < year.sensor <= year.place <= year.new_class < steps
    assert Curves({"loop": [0.5, 1.0]}).area("loop") == 0.75


@pytest.mark.slow
def test_the_loop_goes_round(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--steps", "3", "--inputs", "32", "--budget", "16", "--epochs", "2", "--updates", "1"]
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--out", str(tmp_path / "year"), "--json", *small])
    facts = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert {name: len(values) for name, values in facts["accuracy"].items()} == {"loop": 3, "random": 3, "frozen": 3}
    assert (tmp_path / "year" / "simulation.png").stat().st_size > 10_000
    site = Site(tmp_path / "year" / "loop")
    site.check()
    kinds = [made["kind"] for made in site.decisions.all()]
    assert kinds.count("accrete") == 2
    assert "promote" in kinds
    every = LabelBook(site.folder).all()
    assert len(every) == 32
    assert all(one.item.record and one.item.place and one.by for one in every)
    blind = Site(tmp_path / "year" / "random")
    assert [made["kind"] for made in blind.decisions.all()] == ["create", "accrete", "update", "accrete", "update"]
    with pytest.raises(SystemExit):
        main(["simulate", "--out", str(tmp_path / "year")])
    assert "is there already" in capsys.readouterr().err


def test_too_short_a_year_is_refused() -> None:
    with pytest.raises((ZooError, SystemExit)):
        main(["simulate", "--out", "nowhere", "--steps", "1"])
