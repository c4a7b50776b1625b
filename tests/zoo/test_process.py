"""How the idle threads of a process wait."""

import subprocess
import sys

import pytest

from zoo.hardware.process import WAITING, sleep_when_idle, waiting


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
