"""One trial of a sweep: a training in a process of its own, looked at after each validation, and ended if it is hopeless."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools.train import PROGRAM
from zoo.errors import ZooError
from zoo.files import ensure_dir
from zoo.registry.measurements import less_is_better
from zoo.runs.run import Run

#: Seconds between two looks at a trial, and until a process that is asked to end is killed.
LOOK, PATIENCE = 1.0, 30.0
#: Exit codes of a training that was interrupted: by Ctrl-C, or asked to end.
INTERRUPTED = (130, 143)
#: Tells of a metric (better is more) after an epoch whether the trial goes on.
Hopeless = Callable[[int, float], bool]


@dataclass(frozen=True)
class Ended:
    """How a trial ended: the `merit` that it reached (more is better) and after how many epochs; None of one that failed."""

    merit: float | None
    epochs: int
    pruned: bool = False
    why: str = ""


def merit_of(metric: str, value: float) -> float:
    """Return a metric turned so that more is better."""
    return -value if less_is_better(metric) else value


def train(folder: Path, words: Sequence[str], metric: Callable[[], str], hopeless: Hopeless) -> Ended:
    """Train in `folder`; what an interrupted sweep has begun there is gone on with.

    `metric` is asked for the name of what is compared, "" as long as it is not known; `hopeless` after each validation.
    """
    end_trainings(folder)
    run = Run(folder)
    if not run.finished:
        process = begin(folder, words)
        try:
            pruned = watch(process, folder, metric, hopeless)
        finally:
            end(process)
        if pruned:
            return Ended(pruned[1], pruned[0], pruned=True)
        if process.returncode in INTERRUPTED or process.returncode < 0:
            raise KeyboardInterrupt  # it is not told as failed, so that the sweep goes on with it
        if process.returncode:
            return Ended(None, 0, why=last_line(log_of(folder), process.returncode))
    return finished(run, metric())


def finished(run: Run, metric: str) -> Ended:
    """Return what a finished run reached on validation."""
    value = run.metrics.get(metric)
    if value is None:
        known = ", ".join(name for name in run.metrics if name.startswith("val/"))
        raise ZooError(f"{run.folder} has no {metric!r} of validation; --metric names one of {known or 'none'}")
    epochs = [epoch for epoch, _ in validated(run.folder, metric)]
    return Ended(merit_of(metric, float(value)), max(epochs, default=1))


def begin(folder: Path, words: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start the training, or go on with it where there is a checkpoint."""
    kept = folder / "checkpoints"
    if kept.is_dir() and any(kept.glob("*.ckpt")):
        place = f"resume={folder}"
    else:
        shutil.rmtree(folder, ignore_errors=True)
        place = f"run={folder}"
    ensure_dir(folder.parent)
    with log_of(folder).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *PROGRAM, *words, place], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def watch(
    process: "subprocess.Popen[bytes]", folder: Path, metric: Callable[[], str], hopeless: Hopeless
) -> tuple[int, float] | None:
    """Wait until a training ends; return the epoch and the merit at which it was seen to be hopeless, None if it was not."""
    seen = -1
    while process.poll() is None:
        for epoch, value in validated(folder, metric()):
            if epoch > seen:
                seen = epoch
                if hopeless(epoch, value):
                    return epoch, value
        try:
            process.wait(LOOK)
        except subprocess.TimeoutExpired:
            continue
    return None


def validated(folder: Path, metric: str) -> Iterator[tuple[int, float]]:
    """Yield the epochs after which a run was validated, counted from 1, and the merit by `metric`."""
    path = folder / "logs" / "metrics.csv"
    if not metric or not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get(metric):
                yield int(row["epoch"]) + 1, merit_of(metric, float(row[metric]))


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that still runs, and the workers that it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_trainings(folder: Path) -> None:
    """End the training in this folder: one of this sweep, or one that a killed sweep has left running."""
    places = {f"run={folder}", f"resume={folder}"}
    for process in psutil.process_iter(["cmdline"]):
        if places & set(process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):  # it ended by itself
                own = process.ppid() == os.getpid()
                process.terminate()
                if not own:  # who waits for one of our own takes its exit code away from `watch`
                    psutil.wait_procs([process], PATIENCE)


def log_of(folder: Path) -> Path:
    """Return the file of what a trial has printed."""
    return folder.with_name(f"{folder.name}.log")


def last_line(path: Path, code: int) -> str:
    """Return why a training failed, in its own words."""
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"exit code {code}: {lines[-1].removeprefix('error: ') if lines else 'it said nothing'}; all of it in {path}"


def forget_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a trial that does not go on."""
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
