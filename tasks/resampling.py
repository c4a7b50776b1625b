"""How sure a difference of two models is: the metric of a task on the same samples, drawn anew with replacement.

A paired bootstrap (Efron and Tibshirani 1993, chapter 8): both models answer every sample once; then the metric of both is
reckoned on the same redrawn samples, many times, and the differences tell what another sample of the world would have said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from tasks.base import Batch, Task
from zoo.errors import ZooError


class Interval(NamedTuple):
    """A value, and the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Answered:
    """A sample, as a batch of one, and what a model answered to it."""

    batch: Batch
    answer: Any


class Replay:
    """Answers with what was answered before."""

    def __init__(self) -> None:
        self.now: Any = None

    def answer(self, batch: Batch) -> Any:
        """Return the answer that was put here."""
        return self.now


@torch.inference_mode()
def answers(task: Task, batches: Iterable[Batch]) -> list[Answered]:
    """Let the task's model answer batches of one sample each."""
    task.eval()
    found = []
    for batch in batches:
        if len(batch["names"]) != 1:
            raise ZooError(
                f"samples are redrawn one by one, and a batch has {len(batch['names'])}; say data.batch_size=1"
            )
        found.append(Answered(batch, task.answer(batch)))
    return found


@torch.inference_mode()
def metric(task: Task, samples: Sequence[Answered], drawn: Sequence[int] | None = None) -> float:
    """Return the headline metric of samples, or of those of these numbers, any of which may come more than once."""
    replay, before = Replay(), task.predictor
    task.predictor = replay  # type: ignore[assignment]  # it answers, which is all that an evaluation asks for
    try:
        for place, number in enumerate(range(len(samples)) if drawn is None else drawn):
            replay.now = samples[number].answer
            task.update(apart(samples[number].batch, place), "val")
        return float(task.compute("val")[task.monitor.name])
    finally:
        task.predictor = before


def apart(batch: Batch, place: int) -> Mapping[str, Any]:
    """Return a batch whose tiles are scenes of their own: a tile that is drawn twice must not be its own neighbour."""
    if "tiles" not in batch:
        return batch
    return {**batch, "tiles": [tile._replace(scene=f"{tile.scene} {place}") for tile in batch["tiles"]]}


def compare(
    task: Task, ours: Sequence[Answered], theirs: Sequence[Answered], rounds: int = 200, seed: int = 0
) -> Interval:
    """Return how much better `ours` are than `theirs` by the headline metric, with the 95 % interval of the bootstrap.

    Redrawn samples on which the metric is not defined, as without any object, are not counted.
    """
    sign = 1 if task.monitor.mode == "max" else -1
    draw, found = np.random.default_rng(seed), []
    for _ in range(rounds):
        drawn = draw.integers(0, len(ours), len(ours)).tolist()
        found.append(sign * (metric(task, ours, drawn) - metric(task, theirs, drawn)))
    known = np.array([value for value in found if np.isfinite(value)])
    if known.size < rounds / 2:
        raise ZooError(
            f"the metric {task.monitor.name!r} is not defined on {rounds - known.size} of {rounds} redrawn validation sets: "
            "hold out more samples"
        )
    whole = sign * (metric(task, ours) - metric(task, theirs))
    return Interval(whole, *(float(end) for end in np.quantile(known, [0.025, 0.975])))
