"""Flow: reading, computing and writing at the same time, each in order.

The network has the main thread and all math threads. What is read ahead and what waits to be written is bounded, so the
memory does not grow with the scene.
"""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


#: Seconds that a thread may keep the interpreter. Python's own 5 ms are as long as many layers of a network together.
TURN = 0.0001
#: How much nicer they are than the network: a math thread that waits for its core holds all others up.
NICER = 10


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads that read and write hand the interpreter back to the network soon."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def step_back() -> None:
    """Let this thread run where the network leaves a core idle; where threads have no priority of their own, nothing."""
    if sys.platform == "linux":
        mine = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, mine, min(19, os.getpriority(os.PRIO_PROCESS, mine) + NICER))


class Raised:
    """An error on its way from one thread to another."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Ahead(Generic[Item]):
    """Iterates over `items` in a thread of its own, at most `depth` ahead of who takes them."""

    def __init__(self, items: Iterable[Item], depth: int) -> None:
        self.items, self.waiting = items, queue.Queue[Any](depth)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True, name="reading")

    def run(self) -> None:
        """Fill the queue; the end, or an error, comes last."""
        step_back()
        try:
            for item in self.items:
                if not self.offer((item,)):
                    return
            self.offer(None)
        except BaseException as error:  # noqa: BLE001  # it is raised again where the items are taken
            self.offer(Raised(error))

    def offer(self, item: object) -> bool:
        """Put an item when there is room; False when nobody takes them any more."""
        while not self.stopped.is_set():
            try:
                self.waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[Item]:
        self.thread.start()
        try:
            while (item := self.waiting.get()) is not None:
                if isinstance(item, Raised):
                    raise item.error
                yield item[0]
        finally:
            self.stopped.set()
            self.thread.join()


class Behind(Generic[Item]):
    """Hands items to `take` in a thread of its own; a context that ends when all is taken."""

    def __init__(self, take: Callable[[Item], None], depth: int) -> None:
        self.take, self.waiting = take, queue.Queue[Any](depth)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self.run, daemon=True, name="writing")

    def run(self) -> None:
        """Take items until the end; after an error they are only taken out of the way."""
        step_back()
        while (item := self.waiting.get()) is not None:
            if self.error is None:
                try:
                    self.take(item[0])
                except BaseException as error:  # noqa: BLE001  # it is raised again where the items are given
                    self.error = error

    def put(self, item: Item) -> None:
        """Give an item; raises what went wrong with those before."""
        if self.error is not None:
            raise self.error
        self.waiting.put((item,))

    def __enter__(self) -> "Behind[Item]":
        self.thread.start()
        return self

    def __exit__(self, kind: type | None, *rest: object) -> None:
        self.waiting.put(None)
        self.thread.join()
        if kind is None and self.error is not None:
            raise self.error
