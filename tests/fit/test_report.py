"""The report: what it says to people, to tools, and to a run that is strict; and the order of candidates."""

import json
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.fit.conftest import RUN, around, make_card, make_profile, make_run
from tests.zoo.test_measurements import RESULT
from zoo.errors import ZooError
from zoo.fit import Candidate, adapt, check, rank
from zoo.registry.cards import Card
from zoo.registry.measurements import write

SPOILED = make_profile(
    rotated=0.61, object_size_relative=around(0.01, 0.02, 0.03), neighbour_overlap=around(0, 0.3, 0.7)
)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_says_everything_at_any_width(width: int) -> None:
    fit = check(make_card(), SPOILED, make_run())
    console = Console(width=width, record=True, file=StringIO())
    console.print(fit.table())
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    squeezed = "".join(text.split())
    for row in fit.rows:
        assert row.verdict in squeezed
    assert "…" not in text


def test_facts_and_markdown_hold_every_row() -> None:
    fit = check(make_card(), SPOILED, make_run())
    assert json.loads(fit.to_json()) == fit.facts()
    assert len(fit.facts()["rows"]) == len(fit.rows)
    lines = fit.markdown().splitlines()
    assert len(lines) == len(fit.rows) + 2
    assert all(line.count(" | ") == 4 for line in lines)


def test_strict_refuses_and_says_the_way_out() -> None:
    spoiled, whole = check(make_card(), SPOILED, make_run()), check(make_card(), make_profile(), make_run())
    with pytest.raises(ZooError, match=r"'tiny' does not fit data 'cars' \(geometry: .*model\.geometry=rotated_box"):
        spoiled.enforce("strict")
    spoiled.enforce("warn")
    whole.enforce("strict")
    with pytest.raises(ZooError, match="fit=loud is not known.*adapt, warn, strict, off"):
        whole.enforce("loud")  # type: ignore[arg-type]


def test_the_overrides_of_a_report_heal_it() -> None:
    fit = check(make_card(), SPOILED, make_run())
    assert fit.overrides == ("data.tile=32", "data.overlap=8", "model.geometry=rotated_box", "model.nms_threshold=0.7")
    healed = make_run(model={"geometry": "rotated_box", "nms_threshold": 0.7}, data={"tile": 32, "overlap": 8})
    left = {row.aspect for row in check(make_card(), SPOILED, healed).mismatches}
    assert not left & {"geometry", "object share", "neighbours"}


@given(st.integers(100, 5000), st.integers(200, 1500), st.floats(0.005, 0.9))
def test_the_tile_that_is_asked_for_brings_the_objects_into_range(scene: int, tile: int, share: float) -> None:
    """Whatever the scenes and the tiles, following `data.tile=…` once ends the mismatch, as far as 32 pixels go."""
    data = make_profile(scenes=((scene, scene),), tile=tile, object_size_relative=around(share, share, share))
    card = make_card(designed={"object_size": (0.05, 0.8)})
    before = [
        row for row in check(card, data, make_run(data={"tile": tile})).mismatches if row.aspect == "object share"
    ]
    if not before:
        return
    words = dict(word.split("=") for word in before[0].action.split())
    asked = int(words["data.tile"])
    overlap = int(words.get("data.overlap", RUN["data"]["overlap"]))
    assert overlap < asked < scene + 32
    after = check(card, data, make_run(data={"tile": asked, "overlap": overlap}))
    rows = {row.aspect: row for row in after.rows}
    assert rows["object share"].verdict != "mismatch" or asked == 32


LONG = make_profile(object_size=around(45, 130, 140))
FREE = {"model.strides": [8, 16, 32], "data.overlap": 160}


@pytest.mark.parametrize(
    ("words", "run", "taken"),
    [
        ((), {}, FREE),
        (("task=detection", "model.strides=[8,16]"), {}, {"data.overlap": 160}),
        (("data.overlap=64", "++model.strides=[8,16]"), {}, {}),
        (("recipes=ours",), {}, {}),
        (("fit=adapt",), {"fit": "adapt"}, FREE),
        (("fit=warn",), {"fit": "warn"}, {}),
        ((), {"fit": "warn"}, {}),
    ],
)
def test_remedies_that_cost_nothing_are_taken_unless_a_word_forbids(
    words: tuple[str, ...], run: dict[str, str], taken: dict[str, object]
) -> None:
    composed = {**make_run(data={"tile": 320}), "model": {"strides": [8, 16]}, **run}
    fit, found = adapt(make_card(), LONG, composed, words)
    assert found == taken
    verdicts = {row.aspect: row.verdict for row in fit.rows}
    assert verdicts["object size"] == ("adapted" if "model.strides" in taken else "mismatch")
    assert verdicts["tile overlap"] == ("adapted" if "data.overlap" in taken else "mismatch")


def test_candidates_are_ranked_by_what_stands_against_them(tmp_path: Path) -> None:
    data = make_profile(rotated=0.61)
    named = {
        "plain": make_card(name="plain"),
        "rotated": make_card(name="rotated", designed={"geometry": "rotated_box"}, options={}),
        "old": make_card(name="old", designed={"geometry": "rotated_box"}, options={}, status="obsolete"),
    }
    proven = make_card(name="proven", designed={"geometry": "rotated_box"}, options={})
    named["proven"] = proven.model_copy(update={"path": tmp_path / "proven.md"})
    write(named["proven"], RESULT.model_copy(update={"data": "cars"}))
    ranked = rank(Candidate(card, check(card, data, make_run())) for card in named.values())
    assert [candidate.card.name for candidate in ranked] == ["proven", "rotated", "plain", "old"]
    assert ranked[0].measured == "test/map_50 0.570"
    assert ranked[2].why == "mismatch: geometry"


def test_photographs_are_for_models_that_were_made_for_them(tmp_path: Path) -> None:
    """What was measured on scenes says nothing of photographs."""
    large = make_profile(object_size=around(200, 300, 400))
    scenes = make_card(name="scenes", domains=["satellite"]).model_copy(update={"path": tmp_path / "scenes.md"})
    write(scenes, RESULT.model_copy(update={"data": "ships", "value": 0.9}))
    cards = [scenes, make_card(name="pictures", domains=["photographs"])]
    for data, first in ((large, "pictures"), (make_profile(), "scenes")):
        ranked = rank(Candidate(card, check(card, data, {"model": {}})) for card in cards)
        assert ranked[0].card.name == first


def test_what_was_measured_comes_first_and_another_purpose_last(tmp_path: Path) -> None:
    def measured(name: str, value: float, data: str, **changes: object) -> Card:
        card = make_card(name=name, **changes).model_copy(update={"path": tmp_path / f"{name}.md"})
        write(card, RESULT.model_copy(update={"data": data, "value": value}))
        return card

    cards = [
        make_card(name="untried"),
        measured("weak", 0.1, "ships"),
        measured("strong", 0.6, "ships"),
        measured("poor", 0.1, "cars", options={"strides": [64]}),
        measured("best", 0.8, "cars", options={"strides": [64]}),
        make_card(name="nameless", designed={"classes": 1}),
    ]
    ranked = rank(Candidate(card, check(card, make_profile(), {"model": {}})) for card in cards)
    assert [one.card.name for one in ranked] == ["best", "strong", "weak", "untried", "poor", "nameless"]
    assert ranked[1].measured == "test/map_50 0.600 on ships"
