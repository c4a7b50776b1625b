"""What every test finds: the state of the process as it was, whatever a test before it did."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

#: An example that takes long says something of the machine, not of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def restored_mathematics() -> Iterator[None]:
    """A run sets threads and flushes denormals for the whole process; hypothesis refuses to draw numbers then."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)
