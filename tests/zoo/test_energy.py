"""Joules are those that the counters of whole processors move by, also where they begin anew; without any there are none."""

from pathlib import Path

import pytest

from zoo.hardware.energy import counters, energy_of


def counter(folder: Path, name: str, taken: int, most: int = 1000) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    (path / "energy_uj").write_text(f"{taken}\n")
    (path / "max_energy_range_uj").write_text(f"{most}\n")
    return path


def test_energy_is_the_sum_over_whole_processors(tmp_path: Path) -> None:
    first, second = counter(tmp_path, "intel-rapl:0", 100), counter(tmp_path, "intel-rapl:1", 900)
    part = counter(tmp_path, "intel-rapl:0:0", 5)  # of its cores alone
    assert counters(tmp_path) == [first, second]

    def work() -> None:
        (first / "energy_uj").write_text("150\n")
        (second / "energy_uj").write_text("20\n")  # past its range of 1000, and begun anew
        (part / "energy_uj").write_text("700\n")

    assert energy_of(work, tmp_path) == pytest.approx((50 + 120) / 1e6)


def test_without_a_counter_that_can_be_read_nothing_is_told_nor_done(tmp_path: Path) -> None:
    assert energy_of(lambda: pytest.fail("it was done"), tmp_path) is None
    (counter(tmp_path, "intel-rapl:0", 1) / "energy_uj").unlink()
    assert energy_of(lambda: pytest.fail("it was done"), tmp_path) is None
