"""What a training will cost on this machine, before its first step: time, memory and disk, from a few steps that are timed.

Run as `python -m tools.registry.cost BEGAN WORDS…`: the moment at which the process was started, seconds since the epoch, and
the words of a training; prints, as its last line, a `Cost` as JSON. A process of its own has the memory of a run.
"""

import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tools.terminal.process import said_by
from zoo.errors import ZooError
from zoo.quantities import duration, size

#: The share of a run's minutes that may be spent on timing is that of a run of so many minutes.
MINUTES = 8.0
#: Seconds that a run takes at its end beside its test: weights, pictures and card are written.
CLOSING = 4.0
#: Bytes that the pictures, the log and the card of a run take at most.
PICTURES = 4 << 20
#: Bytes by which a run's end needs more than its steps: matplotlib, and the results of the test until they are counted.
ENDING = 16 << 20
#: Settings of data by which samples are larger or smaller.
SIZES = ("crop", "size", "window")
#: Seconds between two looks at the memory of the workers.
LOOK = 0.5


@dataclass(frozen=True)
class Cost:
    """What a training takes: seconds in all, of a step and of a validation, bytes of memory with its workers and of disk.

    `free_memory` and `free_disk` are what this machine has for it; `batch` is the number of samples of a step, and `sizes` are
    the settings by which these are smaller.
    """

    seconds: float
    epochs: int
    steps: int
    step: float
    validation: float
    memory: int
    workers: int
    disk: int
    free_memory: int
    free_disk: int
    batch: int
    sizes: tuple[str, ...] = ()

    @property
    def excesses(self) -> list[str]:
        """What does not fit into this machine, each with what to change."""
        found = []
        if self.memory > self.free_memory:
            ways = [f"data.batch_size={self.batch // 2}"] if self.batch > 1 else []
            ways += [f"a smaller {one}=…" for one in self.sizes] + (["trainer.workers=0"] if self.workers else [])
            out = ", or ".join(ways) or "take a smaller model"
            found.append(f"{size(self.memory)} of memory, and {size(self.free_memory)} are free: {out}")
        if self.disk > self.free_disk:
            found.append(f"{size(self.disk)} on the disk, and {size(self.free_disk)} are free: run=… on another disk")
        return found

    def __str__(self) -> str:
        about = f"{self.epochs} epochs of {self.steps} steps, {self.step:.2f} s each"
        lines = [
            f"time      about {duration(self.seconds)} on this machine: {about}; trainer.minutes=… sets another",
            f"memory    about {size(self.memory)} of {size(self.free_memory)} that are free",
            f"disk      at most {size(self.disk)} of {size(self.free_disk)} that are free, beside the data",
        ]
        return "\n".join([*lines, *(f"too much  {one}" for one in self.excesses)])


def cost_of(words: Sequence[str]) -> Cost:
    """Time a few steps of a run in a process of its own, and say what all of it will take."""
    argv = ["-m", "tools.registry.cost", str(time.time()), *words]
    try:
        said = said_by(argv)
    except ZooError as error:
        raise ZooError(f"the cost of {' '.join(words)} could not be measured: {error}") from error
    return Cost(**json.loads(said.splitlines()[-1]))


def measure(began: float, words: Sequence[str]) -> Cost:
    """Time a few steps of a run, and batches of its validation and its test; what it is for ends with this process."""
    from tasks import budget
    from tools.experiments.budget import ready
    from zoo.hardware.memory import peak_memory
    from zoo.hardware.process import prepare_process

    prepare_process()
    run = ready(words)
    if run is None:
        raise ZooError(f"{' '.join(words)} is solved for at once: it takes no training steps")
    start = time.time() - began
    with watched_workers() as seen:
        costs = budget.measure(run.task, run.data, run.precision, MINUTES)
        test = run.data.test_dataloader()  # its batches may be larger than those of the validation
        costs = replace(costs, test=len(test) * budget.time_answer(run.task, test, run.precision))
    trainer = run.config["trainer"]
    if trainer["max_epochs"] is None:
        planned = budget.plan(trainer["minutes"], costs)
        epochs, steps, every = planned.epochs, planned.steps, planned.every
    else:
        epochs, every = trainer["max_epochs"], trainer["check_val_every_n_epoch"]
        steps = min(costs.steps, trainer["limit_train_batches"] or costs.steps)
    training = epochs * steps * costs.step + epochs // every * costs.validation
    weights = sum(one.numel() * one.element_size() for one in run.task.state_dict().values())
    return Cost(
        seconds=start + training + costs.validation + costs.test + CLOSING,
        epochs=epochs,
        steps=steps,
        step=costs.step,
        validation=costs.validation,
        memory=peak_memory() + weights + ENDING + max(seen),
        workers=run.data.workers,
        disk=weights + 2 * checkpoint(run.task, weights) + PICTURES,
        free_memory=free_memory(),
        free_disk=shutil.disk_usage(folder_of(Path(run.config["run"]))).free,
        batch=run.data.loading.batch_size,
        sizes=tuple(f"data.{name}" for name in SIZES if run.config["data"].get(name) is not None),
    )


def checkpoint(task: Any, weights: int) -> int:
    """Return the bytes of a checkpoint: the weights, their average, and two numbers a parameter that the optimizer keeps."""
    return 2 * weights + 2 * sum(one.numel() * one.element_size() for one in task.parameters() if one.requires_grad)


def free_memory() -> int:
    """Return the bytes that this machine, or its container, has left for a new process."""
    import psutil

    from zoo.hardware.machine import memory_limit

    available = int(psutil.virtual_memory().available) + psutil.Process().memory_info().rss  # this process ends before
    return min(available, memory_limit() or available)


def folder_of(path: Path) -> Path:
    """Return the folder that is there already on the way to a path."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


@contextmanager
def watched_workers() -> Iterator[list[int]]:
    """Watch the memory that the workers have for themselves, bytes in sum at each look."""
    import psutil

    found, ended, process = [0], threading.Event(), psutil.Process()

    def look() -> None:
        while not ended.wait(LOOK):
            found.append(sum(own_memory(child) for child in process.children(recursive=True)))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def own_memory(process: Any) -> int:
    """Return the bytes that only this process has; 0 where it has ended."""
    import psutil

    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def facts(cost: Cost) -> Mapping[str, Any]:
    """Return plain values, with what does not fit."""
    return {**asdict(cost), "excesses": cost.excesses}


if __name__ == "__main__":
    print(json.dumps(asdict(measure(float(sys.argv[1]), sys.argv[2:]))))
