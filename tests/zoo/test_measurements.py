"""Measurements: what tools write beside a card, and what was changed by hand since."""

import json

import pytest

import zoo
from tests.zoo.conftest import Writer
from zoo.errors import ZooError
from zoo.registry.card_roots import ROOT
from zoo.registry.cards import Card, read
from zoo.registry.measurements import (
    COMPARISONS,
    Measurement,
    comparisons,
    file_of,
    less_is_better,
    measurements,
    write,
)

RESULT = Measurement(
    experiment="satellite_trees",
    data="satellite: trees # not a comment",
    metric="test/map_50",
    value=0.57,
    spread=(0.55, 0.6),
    seeds=(0, 1, 2),
    hardware="a processor",
    threads=2,
    precision="bf16-mixed",
    seconds=600,
    date="2026-11-22",
)


@pytest.fixture
def card(write_card: Writer) -> Card:
    return read(write_card())


def test_a_result_is_written_beside_the_card_in_the_place_of_an_earlier_one(card: Card) -> None:
    before = card.path.read_bytes()
    assert measurements(card) == ()
    write(card, RESULT)
    write(card, RESULT.model_copy(update={"value": 1e-07, "spread": None}))
    write(card, RESULT.model_copy(update={"metric": "test/ap"}))
    assert [(row.metric, row.value) for row in measurements(card)] == [("test/map_50", 1e-07), ("test/ap", 0.57)]
    assert card.path.read_bytes() == before
    assert not list(card.path.parent.glob(".*"))


def test_the_command_of_a_comparison_stands_once_under_its_name(card: Card, write_card: Writer) -> None:
    row = RESULT.model_copy(update={"experiment": "cars_3m"})
    for one in (card, read(write_card("other"))):
        write(one, row, "zoo compare-models data=cars --budget 3m")
    assert comparisons(card.path.parent) == {"cars_3m": "zoo compare-models data=cars --budget 3m"}
    with pytest.raises(ZooError, match="'cars_3m' is `zoo compare-models data=cars --budget 3m` in .*another name"):
        write(card, row, "zoo compare-models data=cars --budget 5m")


@pytest.mark.parametrize(
    "change", [('"value": 0.57', '"value": 0.99'), ('"metric": "test', '"metric": "val'), ("[0, 1", "[0, 7")]
)
def test_a_result_changed_by_hand_is_found(card: Card, change: tuple[str, str]) -> None:
    write(card, RESULT)
    path = file_of(card)
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(ZooError, match=r"tiny\.measured\.json, result 1: its checksum '[0-9a-f]+' does not fit"):
        measurements(card)


def test_a_result_copied_from_another_card_is_found(card: Card, write_card: Writer) -> None:
    write(card, RESULT)
    other = read(write_card("other"))
    file_of(other).write_bytes(file_of(card).read_bytes())
    with pytest.raises(ZooError, match="checksum"):
        measurements(other)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"experiment": "r"}]', "field '0.data' is missing"),
        ('[{"experiment": "two words"}]', "0.experiment"),
        ('[{"recipe": "r"}]', "unknown key '0.recipe'"),
        ("{}", "tuple"),
        ("[", "is not JSON"),
    ],
)
def test_what_is_no_list_of_results_is_refused(card: Card, content: str, said: str) -> None:
    file_of(card).write_text(content, encoding="utf-8")
    with pytest.raises(ZooError) as raised:
        measurements(card)
    assert str(file_of(card)) in str(raised.value)
    assert said in str(raised.value)


def test_every_measurement_names_a_recipe_or_a_comparison() -> None:
    recipes = {path.stem for path in (ROOT.parent / "recipes").glob("*.yaml")}
    for path in ROOT.glob("*/*.measured.json"):
        known = recipes | set(comparisons(path.parent))
        names = {row.experiment for row in measurements(zoo.card(path.name.removesuffix(".measured.json")))}
        assert names <= known, path
    for path in ROOT.glob(f"*/{COMPARISONS}"):
        assert not recipes & set(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("metric", "less"), [("test/wer", True), ("test/map_50", False), ("val/mae_of_all", True)])
def test_less_is_better_by_the_words_of_a_metric(metric: str, less: bool) -> None:
    assert less_is_better(metric) is less
