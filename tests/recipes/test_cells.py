"""ELPV: the panels are as the authors count them, whole panels are held out, and certain cells stay where they were."""

from typing import Any

import pytest

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.cells.elpv import PANELS
from recipes.kit.split import SPLITS


def cells(*words: str) -> Any:
    data: Any = data_of(compose(["task=classification", "data=cells", "trainer.workers=0", *words]))
    data.prepare_data()
    data.setup()
    return data


def test_the_panels_hold_all_cells() -> None:
    assert (sum(PANELS), len(PANELS)) == (2624, 43)


@pytest.mark.real
def test_panels_are_held_out_whole() -> None:
    parts = cells().split.parts
    held = {part: {scene.group for scene in parts[part]} for part in SPLITS}
    assert sum(map(len, held.values())) == len(set().union(*held.values())) == 43
    kinds = {group: group.partition(" ")[0] for groups in held.values() for group in groups}
    assert list(kinds.values()).count("mono") == 18
    certain = cells("data.certain=true").split.parts
    for part in SPLITS:
        assert {scene.name for scene in certain[part]} < {scene.name for scene in parts[part]}


@pytest.mark.real
def test_grades_are_four_and_in_order() -> None:
    data = cells("task.objective=grade")
    assert data.classes == ("functional", "perhaps functional", "perhaps defective", "defective")
    assert data.find("cell0001").labels.tolist() == [3]
