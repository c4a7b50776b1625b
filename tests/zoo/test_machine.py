"""What a process may use is read off files of the system, as they are on machines of other kinds."""

from pathlib import Path

import pytest

from zoo import hardware
from zoo.hardware import machine


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_two_threads_of_a_core_count_once(tmp_path: Path) -> None:
    for number, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        write(tmp_path / f"cpu{number}" / "topology" / "thread_siblings_list", siblings)
    assert machine.physical_cores((0, 1, 2, 3), tmp_path) == 2
    assert machine.physical_cores((0, 2), tmp_path) == 1
    assert machine.physical_cores((0, 7), tmp_path) >= 1  # one of them is unknown: the library is asked


@pytest.mark.parametrize(
    ("name", "text", "quota"),
    [
        ("cpu.max", "150000 100000", 1.5),
        ("cpu.max", "max 100000", None),
        ("cpu.cfs_quota_us", "50000", 0.5),
        ("cpu.cfs_quota_us", "-1", None),
    ],
)
def test_a_quota_is_less_than_the_cores(
    name: str, text: str, quota: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "own_groups", lambda controller, groups: [tmp_path / "none", tmp_path])
    write(tmp_path / name, text)
    write(tmp_path / "cpu.cfs_period_us", "100000")
    assert machine.quota(tmp_path) == quota
    monkeypatch.setattr(machine, "physical_cores", lambda allowed: 4)
    monkeypatch.setattr(machine, "quota", lambda: quota)
    assert hardware.cores() == (4 if quota is None else max(1, round(quota)))


def test_the_limit_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "own_groups", lambda controller, groups: [tmp_path])
    assert machine.memory_limit(tmp_path) is None
    write(tmp_path / "memory.limit_in_bytes", str(2**63 - 4096))
    assert machine.memory_limit(tmp_path) is None
    write(tmp_path / "memory.max", "2147483648")
    assert machine.memory_limit(tmp_path) == 2**31


def test_threads_that_a_user_asks_for_are_respected_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert hardware.choose().threads == 3
    assert "3 threads (OMP_NUM_THREADS=3)" in hardware.choose().why
    assert hardware.choose(threads=2).threads == 2
    for nothing in ("", "many", "0"):
        monkeypatch.setenv("OMP_NUM_THREADS", nothing)
        assert "4 threads (4 physical cores)" in hardware.choose().why


def test_a_busy_machine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    monkeypatch.setattr(hardware, "busy_cores", lambda: 1.8)
    assert "trainer.threads=1 is faster" in hardware.busy_note(2)
    assert hardware.busy_note(1) == ""
    monkeypatch.setattr(hardware, "busy_cores", lambda: 0.2)
    assert hardware.busy_note(2) == ""
