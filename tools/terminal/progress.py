"""How far a command is: a bar on a terminal, a line a minute where its output goes to a file or a pipe."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from zoo.quantities import duration

#: Seconds between two lines.
BETWEEN = 60.0


class LineProgress(Progress):
    """Progress that draws nothing, and says a line a minute: what, how much of it, how fast, how long it will take."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console=console, disable=True)
        self.now, self.said, self.begun = now, now(), dict[TaskID, float]()

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Count what is done, and say it if a minute went by since the last line."""
        now = self.now()
        self.begun.setdefault(task_id, now)
        super().advance(task_id, advance)
        if now - self.said >= BETWEEN:
            self.said = now
            task = next(task for task in self.tasks if task.id == task_id)
            self.console.print(line(task, now - self.begun[task_id]), markup=False, soft_wrap=True)


def line(task: Task, seconds: float) -> str:
    """Return how far a task is after so many seconds: "segmenting: 120 of 400 (30 %), 2.0 a second, 2 min 20 s left"."""
    rate = task.completed / seconds if seconds > 0 else 0.0
    if not task.total:
        return f"{task.description}: {task.completed:.0f}, {rate:.3g} a second"
    left = f", {duration((task.total - task.completed) / rate)} left" if rate else ""
    share = task.completed / task.total
    return f"{task.description}: {task.completed:.0f} of {task.total:.0f} ({share:.0%}), {rate:.3g} a second{left}"


def progress(console: Console) -> Progress:
    """Return a bar with what is done, since when, and how long it will take; away from a terminal, lines of the same."""
    if not console.is_terminal:
        return LineProgress(console)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console)
