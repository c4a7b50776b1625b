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
    assert max(len(line) for line in lines) <= max(width, len(name) + 6)
    assert set(WORDS.split()) <= set(said.split())
    assert "any" in lines[-1]


def test_a_short_last_column_stays_beside_the_others_on_a_narrow_terminal() -> None:
    said = table(HEADS, [("a_name_that_takes_most_of_a_terminal", "7", "photographs, aerial")], width=44)
    assert [line.split()[-1] for line in said.splitlines()[1:]] == ["photographs,", "aerial"]
    assert said.splitlines()[1].startswith("a_name")


def test_through_a_pipe_nothing_is_wrapped() -> None:
    assert table(HEADS, [("a", "7", WORDS)]).splitlines()[1].endswith(WORDS)
