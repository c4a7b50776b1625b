"""How a download shows itself: a bar on a terminal when it is large, one line otherwise."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from zoo import quantities

Report = Callable[[str], None]
LARGE = 5_000_000  # bytes; below this a download is over before a bar would help


def to_stderr(text: str) -> None:
    """Write one line to the standard error stream, where it does not mix with results."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Voice:
    """Whom to tell what happens; a transfer that is one of many (`alone` is false) does not announce itself."""

    tell: Report
    alone: bool = True

    def begin(self, text: str) -> None:
        """Announce a transfer."""
        if self.alone:
            self.tell(text)

    def draws(self, size: int | None) -> bool:
        """Return whether a bar is drawn for this many bytes: someone can see it, and it has the time to move."""
        return self.alone and sys.stderr.isatty() and (size is None or size > LARGE)


@contextmanager
def transfer(label: str, total: int | None, done: int, voice: Voice) -> Iterator[Callable[[int], None]]:
    """Show a transfer of `total` bytes of which `done` are there, and yield what is to be called with each more."""
    if voice.draws(total):
        with bar(label, total, done, in_bytes=True) as advance:
            yield advance
    else:
        size = "unknown size" if total is None else quantities.size(total)
        voice.begin(f"fetching {label} ({size}{f', {quantities.size(done)} there already' if done else ''})")
        yield lambda count: None


@contextmanager
def bar(label: str, total: int | None, done: int = 0, *, in_bytes: bool) -> Iterator[Callable[[int], None]]:
    """Draw a bar on stderr; a `total` of None only moves. Yields what is to be called with each step."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total, completed=done)
        yield lambda step: progress.advance(task, step)
