"""How the idle threads of a process wait, and when it collects garbage."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from zoo.hardware.process import STARTING, USUAL, WAITING, collect_as_usual, collect_less, sleep_when_idle, waiting


@pytest.fixture(autouse=True)
def unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WAITING:
        monkeypatch.setenv(name, "")


def test_idle_threads_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting() == "spinning, the runtime's own way"
    assert sleep_when_idle()
    assert waiting() == "OMP_WAIT_POLICY=PASSIVE"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    assert not sleep_when_idle()
    assert waiting() == "GOMP_SPINCOUNT=1000"


@pytest.mark.parametrize("program", ["tools.cli", "configuration.training"])
def test_programs_say_it_before_torch_is_loaded(program: str) -> None:
    """The runtime reads it once, when it is loaded."""
    text = f"import sys, {program}; assert 'torch' not in sys.modules, 'torch is loaded too early'"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0


@pytest.fixture
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("thresholds")
def test_garbage_is_collected_as_usual_once_computing_begins() -> None:
    collect_less()
    assert gc.get_threshold() == STARTING
    kept = [[]]
    collect_as_usual()
    assert gc.get_threshold() == USUAL
    assert all(one is not kept for one in gc.get_objects())  # what a start imports is not looked at again


@pytest.mark.usefixtures("thresholds")
def test_a_process_that_collects_in_its_own_way_is_left_alone() -> None:
    gc.set_threshold(300, 5, 5)
    frozen = gc.get_freeze_count()
    collect_as_usual()
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((300, 5, 5), frozen)
