"""The worker: one thread that answers inputs in turn with the model of now; what finds too many waiting is refused at once."""

import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.production.serve.models import Model, Models
from tools.production.serve.refusals import RequestRefusedError
from zoo.errors import ZooError
from zoo.inference.predictor import Answered
from zoo.sites.policy import Policy
from zoo.sites.settings import Limits


@dataclass(frozen=True)
class Served:
    """The answers to one input, the version that gave them, what was seen of the input, and the milliseconds it took."""

    version: str
    answers: list[Answered]
    seen: np.ndarray | None
    milliseconds: float
    policy: Policy | None = None


@dataclass
class Job:
    """An input that waits, and whether anyone still waits for it."""

    source: Any
    done: "Future[Served]" = field(default_factory=Future)


class Worker:
    """Answers in a thread of its own."""

    def __init__(self, models: Models, limits: Limits) -> None:
        self.models, self.limits = models, limits
        self.jobs: queue.Queue[Job | None] = queue.Queue()
        self.thread = threading.Thread(target=self.work, name="worker", daemon=True)
        self.thread.start()

    def submit(self, source: Any) -> "Future[Served]":
        """Queue an input."""
        job = Job(source)
        self.jobs.put(job)
        return job.done

    def work(self) -> None:
        """Answer until closed; what is wrong with an input goes to who waits for it, and the next is answered."""
        while (job := self.jobs.get()) is not None:
            if not job.done.set_running_or_notify_cancel():
                continue
            try:
                job.done.set_result(served(self.models.now, job.source, self.limits))
            except Exception as error:  # noqa: BLE001  # raised again where the answer is waited for
                job.done.set_exception(error)

    def close(self) -> None:
        """Answer what waits, and end."""
        self.jobs.put(None)
        self.thread.join()


def served(model: Model, source: Any, limits: Limits) -> Served:
    """Answer one input, if it is within the limits."""
    began, predictor = time.perf_counter(), model.predictor
    try:
        if isinstance(source, Path):
            check_extent(predictor.extent(source), limits)
        elif isinstance(source, np.ndarray) and source.size > limits.pixels:
            raise RequestRefusedError(
                413, f"the input has {source.size} values; limits.pixels of the site is {limits.pixels}"
            )
        answers = list(predictor.each([source]))
        seen = predictor.overview(source)
    except ZooError as error:
        raise RequestRefusedError(422, spoken(str(error), source)) from error
    return Served(model.version, answers, seen, 1000 * (time.perf_counter() - began), model.policy)


def spoken(said: str, source: Any) -> str:
    """Return a sentence without the folder in which an input was kept."""
    return said.replace(f"{source.parent}/", "") if isinstance(source, Path) else said


def check_extent(extent: Any, limits: Limits) -> None:
    """Refuse what its head says is too large, before it is read."""
    for name, value in extent.items():
        most = getattr(limits, name)
        if value > most:
            raise RequestRefusedError(
                413, f"the input has {value:,.0f} {name}; limits.{name} of the site is {most:,.0f}"
            )
