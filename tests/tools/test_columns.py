"""Tables of the terminal: within its width where they can be, no word broken, a long last column below the others."""

import pytest

from tools.terminal.columns import table

HEADS = ("name", "size", "what it is")
WORDS = "a recipe that is told in rather many words, with model.pretrained=true among them"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", ["short", "a_name_that_takes_most_of_a_terminal"])
def test_lines_keep_to_the_width_and_words_stay_whole(width: int, name: str) -> None:
    said = table(HEADS, [(name, "7", 3 * f"{WORDS} "), ("b", "12", "any")], right=("size",), width=width)
    lines = said.splitlines()
    assert max(len(line) for line in lines) <= width
    assert set(WORDS.split()) <= set(said.split())
    assert "any" in lines[-1]


def test_a_short_last_column_stays_beside_the_others_on_a_narrow_terminal() -> None:
    said = table(HEADS, [("a_name_that_takes_most_of_a_terminal", "7", "photographs, aerial")], width=60)
    assert [line.split()[-1] for line in said.splitlines()[1:]] == ["photographs,", "aerial"]
    assert said.splitlines()[1].startswith("a_name")


@pytest.mark.parametrize("width", [40, 60, 70])
def test_columns_that_do_not_fit_stand_below_the_first_with_their_heads(width: int) -> None:
    heads = ("name", "task", "size", "weights", "commercial", "domains")
    rows = [("a_name_of_22_characters", "classification", "61.1 M", "BSD-3-Clause", "depends", "satellite, aerial")]
    said = table(heads, [*rows, ("b", "pose", "3 M", "", "yes", "any")], right=("size",), width=width)
    assert max(len(line) for line in said.splitlines()) <= width
    assert all(part in " ".join(said.split()) for cell in rows[0] for part in cell.split())
    assert "commercial: yes · domains: any" in " ".join(said.split())
    assert "weights: ·" not in " ".join(said.split()), "an empty cell needs no head"


def test_through_a_pipe_nothing_is_wrapped() -> None:
    assert table(HEADS, [("a", "7", WORDS)]).splitlines()[1].endswith(WORDS)
