"""How far a command is, away from a terminal."""

import io

from rich.console import Console

from tools.terminal.progress import LineProgress, progress


def test_away_from_a_terminal_there_is_a_line_a_minute() -> None:
    said, clock = io.StringIO(), iter([0.0, 1.0, 31.0, 61.0, 62.0, 121.0])
    with LineProgress(Console(file=said, width=200), lambda: next(clock)) as bar:
        task = bar.add_task("segmenting", total=400)
        for _ in range(5):
            bar.advance(task, 40)
    lines = said.getvalue().splitlines()
    assert lines == [
        "segmenting: 120 of 400 (30%), 2 a second, 2 min 20 s left",
        "segmenting: 200 of 400 (50%), 1.67 a second, 2 min left",
    ]


def test_the_bar_is_for_terminals() -> None:
    assert isinstance(progress(Console(file=io.StringIO())), LineProgress)
    assert not isinstance(progress(Console(file=io.StringIO(), force_terminal=True)), LineProgress)
