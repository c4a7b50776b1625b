"""Flow: what reads and writes beside the network."""

import os
import sys
import threading

import pytest

from tools.predict.flow import NICER, Ahead, Behind


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux alone")
def test_reading_and_writing_step_back_for_the_network() -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    seen: list[int] = []

    def nice(*given: object) -> int:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return seen[-1]

    with Behind[int](nice, 1) as writing:
        for number in Ahead((nice() for _ in range(2)), 1):
            writing.put(number)
    assert set(seen) == {min(19, usual + NICER)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == usual
