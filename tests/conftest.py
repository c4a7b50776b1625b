"""What every test finds: the state of the process as it was, whatever a test before it did."""

import faulthandler
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from zoo.hardware.memory import give_back

#: Tests run beside each other; two teams of threads on the same cores wait for each other more than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
#: An export of each tiny run would take longer than all its answers; tests of exports name their backend.
os.environ.setdefault("ZOO_BACKEND", "torch")
#: An example that takes long says something of the machine, not of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


#: Where a crash is told: the error output of the process, which pytest captures while a test runs.
CRASHES = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the error output; pytest captures it later."""
    config.stash[CRASHES] = os.dup(2)


@pytest.fixture(autouse=True)
def told_crashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lightning puts back the handlers of signals that Python knows, and with them takes away those that tell of a crash."""
    yield
    faulthandler.disable()
    faulthandler.enable(request.config.stash[CRASHES])


@pytest.fixture(autouse=True)
def heard_warnings() -> Iterator[None]:
    """Hydra silences loggers when a test calls it, also where no run begins that would let them be heard again."""
    yield
    if training := sys.modules.get("configuration.training"):
        training.hear_warnings()


@pytest.fixture(autouse=True)
def restored_mathematics() -> Iterator[None]:
    """A run sets threads and flushes denormals for the whole process; hypothesis refuses to draw numbers then."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)
        torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="module")
def freed_memory() -> Iterator[None]:
    """A command lets the whole process keep what is freed; what the tests of a module needed is no other's burden."""
    yield
    give_back()
