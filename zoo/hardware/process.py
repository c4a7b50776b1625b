"""This process, before it imports what computes: how it keeps memory, how idle threads wait, when it collects garbage."""

import gc
import os

from zoo.hardware.memory import keep_memory

#: Variables by which a user says how threads of OpenMP wait: the standard's, GNU's and Intel's.
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
#: Thresholds of the garbage collector, by generation: Python's own, and those by which only what is young is looked at.
USUAL, STARTING = gc.get_threshold(), (10_000, 1000, 1000)


def prepare_process() -> None:
    """Set up what must be set before a library begins threads; programs call it first."""
    keep_memory()
    sleep_when_idle()
    collect_less()


def collect_less() -> None:
    """Look for garbage among what is young alone, until `collect_as_usual`.

    Libraries make half a million objects as they are imported, which all stay. Python's own thresholds let the collector walk
    through them over and over, a quarter of the time that the imports take; `zoo bench startup` measures it.
    """
    gc.set_threshold(*STARTING)


def collect_as_usual() -> None:
    """Collect as Python does, after a start by `collect_less`; what is there by now stays, and is not looked at again."""
    if gc.get_threshold() == STARTING:
        gc.freeze()
        gc.set_threshold(*USUAL)


def sleep_when_idle() -> bool:
    """Let idle threads of OpenMP sleep, not spin; False where the user has said otherwise.

    A thread that spins takes a core from whoever would use it: with one busy process beside a training it halves its speed,
    with two it takes seven eighths of it, and on a free machine it gains nothing. The OpenMP runtime reads it when it is
    loaded, with PyTorch; it is inherited by all processes that this one starts. `zoo doctor` says how threads wait.
    """
    if any(os.environ.get(name) for name in WAITING):
        return False
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    return True


def waiting() -> str:
    """Return how the idle threads of this process wait, as its variables say."""
    said = [f"{name}={os.environ[name]}" for name in WAITING if os.environ.get(name)]
    return ", ".join(said) or "spinning, the runtime's own way"
