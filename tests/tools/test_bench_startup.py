"""Phases of a start are told in their order, their medians beside the median of all."""

from tools.bench.first_step import PHASES
from tools.bench.startup import median_phases


def test_medians_are_of_each_phase_and_of_whole_starts() -> None:
    rounds = [{name: (float(wall), wall / 2) for name in PHASES} for wall in (1, 5, 2)]
    rounds[0]["data"] = (9.0, 1.0)
    found = median_phases(rounds)
    assert list(found) == [*PHASES, "all"]
    assert found["data"] == {"median": 5, "processor": 1}
    assert found["model"] == {"median": 2, "processor": 1}
    assert found["all"] == {"median": 13, "processor": 5}
