"""The harness: every way takes its turn as often, the warm ones alone count, and figures say where they were taken."""

import json

import pytest

from tools.bench.harness import Timing, facts, lay_out, report, take_turns


def test_ways_take_turns_in_changing_order_and_the_first_round_does_not_count() -> None:
    calls: list[str] = []
    ways = {name: (lambda name=name: calls.append(name)) for name in "ab"}
    found = take_turns(ways, 2, prepare=lambda number: calls.append(str(number)))
    assert "".join(calls) == "0b0a1a1b2b2a"
    assert [len(one.seconds) for one in found.values()] == [2, 2]


def test_repeats_follow_a_call_that_warms_up() -> None:
    calls: list[int] = []
    found = take_turns({"one": lambda: calls.append(1)}, 2, repeats=3)
    assert len(calls) == 3 * (1 + 3)
    assert len(found["one"].seconds) == 6


def test_speed_is_a_multiple_of_the_first_ways() -> None:
    timings = {"plain": Timing((2.0, 4.0, 3.0), 3.0), "ours": Timing((1.0, 2.0, 1.5), 1.5)}
    figures = facts(timings, amount=6)
    assert figures["plain"] == {"median": 3, "fastest": 2, "slowest": 4, "processor": 3, "a_second": 2, "speed": 1}
    assert figures["ours"]["speed"] == 2
    lines = lay_out(timings, 6, "tiles").splitlines()
    assert lines[0].split("  ")[-1].strip() == "speed"
    assert lines[2].split() == ["ours", "1.5", "s", "1", "s", "2", "s", "1.5", "s", "4", "2.00×"]
    assert "a second" not in lay_out(timings)


def test_figures_come_with_the_machine_and_the_versions(capsys: pytest.CaptureFixture[str]) -> None:
    report({"value": 1}, "one", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["value"] == 1
    assert {"torch", "task-zoo"} <= set(found["machine"]["versions"])
    report({"value": 1}, "one", as_json=False)
    said = capsys.readouterr().out
    assert said.startswith("one\n\non ")
    assert found["machine"]["processor"] in said
