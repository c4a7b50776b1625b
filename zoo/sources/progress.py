"""How a download shows itself: a bar on a terminal when it is large, one line otherwise."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str], None]
LARGE = 5_000_000  # bytes; below this a download is over before a bar would help


def to_stderr(text: str) -> None:
    """Write one line to the standard error stream, where it does not mix with results."""
    print(text, file=sys.stderr, flush=True)


def readable(count: float) -> str:
    """Return a number of bytes as people read it, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@contextmanager
def transfer(label: str, total: int | None, done: int, report: Report) -> Iterator[Callable[[int], None]]:
    """Show a transfer of `total` bytes of which `done` are there, and yield what is to be called with each more.

    The bar is drawn only where someone can see it move: stderr is a terminal, and the file is large or of unknown size.
    """
    large = total is None or total - done > LARGE
    if not (sys.stderr.isatty() and large):
        size = "unknown size" if total is None else readable(total)
        report(f"fetching {label} ({size}{f', {readable(done)} there already' if done else ''})")
        yield lambda count: None
        return
    with bar(label, total, done, in_bytes=True) as advance:
        yield advance


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
