"""How a run uses this machine: its settings, what `zoo tune` measured, and, of a run that goes on, what it began with."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from tasks.trainer import HARDWARE
from zoo import hardware
from zoo.hardware import tuned
from zoo.hardware.tuned import Subject, Winner
from zoo.runs.run import Run

#: The file in a run's folder that keeps what it began with, where that was tuned.
FILE = "tuned.json"
#: Settings of the data that say how much a step computes.
LOOKS = ("name", "batch_size", "crop", "tile", "resize", "size", "window", "horizon", "bands", "geometry", "objective")


def subject_of(config: Mapping[str, Any]) -> Subject:
    """Return what `zoo tune` measures the training of: the model with its options, the data and their sizes."""
    options = {key: value for key, value in config["model"].items() if key not in ("name", "pretrained")}
    looks = {key: config["data"][key] for key in LOOKS if key in config["data"]}
    return tuned.subject("training", config["model"]["name"], options, looks)


def winner_of(config: Mapping[str, Any], run: Run) -> Winner | None:
    """Return what was tuned for a run: as it began where it goes on, since other threads give other last digits."""
    if config["resume"] is not None and run.begun:
        return tuned.read(run.folder / FILE)
    return tuned.recall(subject_of(config))


def choose(config: Mapping[str, Any], winner: Winner | None, model: nn.Module | None = None) -> hardware.Hardware:
    """Settle how a run uses this machine; the layout in memory is settled for good when its model is there."""
    given = {key: config["trainer"][key] for key in HARDWARE}
    return hardware.choose(**given, tuned=winner) if model is None else hardware.settle(model, winner, **given)


def begin(run: Run, winner: Winner | None, data: Any, workers: int) -> None:
    """Keep in a new run's folder what was tuned for it, and let its data make batches in so many processes."""
    if winner is None:
        (run.folder / FILE).unlink(missing_ok=True)
        return
    tuned.save(winner, run.folder / FILE)
    hand_workers(data, workers)


def hand_workers(data: Any, workers: int) -> None:
    """Let data make their batches in so many processes, where they leave it to the machine."""
    if data.loading.workers == tuned.UNSET:
        data.workers = workers
