"""Flow: items go through the network in streams, beside which the main thread reads and takes the answers, in their order.

Each stream has math threads of its own, so no stream waits for another, nor for the reading. What is read ahead and what
waits to be taken is bounded, so the memory does not grow with the scene.
"""

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from zoo.errors import ZooError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: Seconds that a thread may keep the interpreter. Python's own 5 ms are as long as many layers of a network together.
TURN = 0.0001
#: Items that are read and wait for a stream.
AHEAD = 1


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads that read and write hand the interpreter back to the network soon."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def flow(
    items: Iterable[Item], compute: Callable[[Item], Answer], streams: int, begin: Callable[[], None]
) -> Generator[tuple[Item, Answer], None, None]:
    """Yield every item with what `compute` makes of it, in order; `streams` are computed at a time.

    `begin` is called once in the thread of each stream. Where an item cannot be read, those before it are yielded first.
    Who takes not all closes the generator, which ends the streams.
    """
    waiting: deque[tuple[Item, Future[Answer]]] = deque()
    unread: ZooError | None = None
    pool, source = ThreadPoolExecutor(streams, "stream", initializer=begin), iter(items)
    try:
        with short_turns():
            while True:
                try:
                    item = next(source)
                except StopIteration:
                    break
                except ZooError as error:
                    unread = error
                    break
                waiting.append((item, pool.submit(compute, item)))
                if len(waiting) > streams + AHEAD:
                    item, answer = waiting.popleft()
                    yield item, answer.result()
            while waiting:
                item, answer = waiting.popleft()
                yield item, answer.result()
    finally:
        pool.shutdown(cancel_futures=True)
    if unread is not None:
        raise unread
