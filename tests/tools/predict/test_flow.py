"""Flow: what reads and takes beside the streams of the network, in order whatever takes longer."""

import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo import hardware
from zoo.errors import ZooError
from zoo.inference.engine import PIXEL, ROOM, Engine
from zoo.inference.flow import AHEAD, flow


def nothing() -> None:
    """Begin without settings."""


def test_items_are_taken_in_order_by_the_thread_that_asked() -> None:
    taken: list[tuple[int, int]] = []
    late = threading.Event()

    def compute(item: int) -> int:
        if item == 0:
            assert late.wait(10)  # the first is done after the second
        late.set()
        return item * item

    usual = sys.getswitchinterval()
    for item, answer in flow(range(20), compute, 2, nothing):
        assert threading.current_thread() is threading.main_thread()
        taken.append((item, answer))
    assert taken == [(item, item * item) for item in range(20)]
    assert sys.getswitchinterval() == usual


def test_streams_compute_at_the_same_time_and_begin_once_each() -> None:
    begun: list[int] = []
    met = threading.Barrier(3, timeout=10)
    assert len(list(flow(range(9), lambda item: met.wait(), 3, lambda: begun.append(threading.get_ident())))) == 9
    assert len(set(begun)) == len(begun) == 3


@pytest.mark.parametrize("streams", [1, 3])
def test_little_is_read_ahead_of_what_is_taken(streams: int) -> None:
    read, taken = [0], [0]

    def items() -> Iterator[int]:
        for number in range(50):
            assert number - taken[0] <= streams + AHEAD
            read[0] += 1
            yield number

    for _ in flow(items(), lambda item: item, streams, nothing):
        taken[0] += 1
    assert read == taken == [50]


def test_what_was_read_is_taken_before_an_item_that_cannot_be() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        yield from range(4)
        raise ZooError("tile 4 is cut off")

    with pytest.raises(ZooError, match="tile 4"):
        for item, _ in flow(items(), lambda item: item, 2, nothing):
            taken.append(item)
    assert taken == [0, 1, 2, 3]


@pytest.mark.parametrize("wrong", ["compute", "take"])
def test_after_an_error_nothing_more_is_taken(wrong: str) -> None:
    taken: list[int] = []

    def fail(kind: str, item: int) -> int:
        if kind == wrong and item == 3:
            raise OSError("the disk is full")
        return item

    with (
        pytest.raises(OSError, match="full"),
        closing(flow(range(10), lambda item: fail("compute", item), 2, nothing)) as flowing,
    ):
        for item, _ in flowing:
            taken.append(fail("take", item))
    assert taken == [0, 1, 2]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stream")]


@given(st.integers(1, 64), st.integers(16, 4096), st.integers(1, 100))
def test_streams_share_the_threads_and_the_room(threads: int, tile: int, batches: int) -> None:
    engine = Engine.__new__(Engine)  # without a model
    engine.hardware = hardware.choose(threads, precision="32-true")
    streams = engine.streams(tile, batches)
    assert 1 <= streams <= batches
    assert threads % streams == 0
    assert streams == 1 or streams * tile * tile * PIXEL["32-true"] <= ROOM
    assert engine.streams(64, 64) == threads
