"""What every test finds: the state of the process as it was, whatever a test before it did."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def restored_mathematics() -> Iterator[None]:
    """A run sets threads and flushes denormals for the whole process; hypothesis refuses to draw numbers then."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)
