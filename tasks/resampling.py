"""How sure a difference of two models is: the metric of a task on the same samples, drawn anew with replacement.

A paired bootstrap (Efron and Tibshirani 1993, chapter 8): both models answer every sample once; then the metric of both is
reckoned on the same redrawn samples, many times, and the differences tell what another sample of the world would have said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tasks.base import Batch, Task
from zoo.errors import ZooError

#: From so many samples on they are redrawn whole; of fewer, blocks of them where the metric is a sum (Künsch 1989).
WHOLE = 20
#: The core of a tile that is the whole of its scene.
EVERYWHERE = (-np.inf, -np.inf, np.inf, np.inf)


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


def metric(task: Task, samples: Sequence[Answered], drawn: Sequence[int] | None = None) -> float:
    """Return the headline metric of samples, or of those of these numbers, any of which may come more than once."""
    return metrics(task, samples, drawn)[task.monitor.name]


@torch.inference_mode()
def metrics(task: Task, samples: Sequence[Answered], drawn: Sequence[int] | None = None) -> dict[str, float]:
    """Return all metrics of samples, see `metric`."""
    replay, before = Replay(), task.predictor
    task.predictor = replay  # type: ignore[assignment]  # it answers, which is all that an evaluation asks for
    try:
        for place, number in enumerate(range(len(samples)) if drawn is None else drawn):
            replay.now, batch = samples[number].answer, samples[number].batch
            task.update(batch if drawn is None else apart(batch, place), "val")
        return {name: float(value) for name, value in task.compute("val").items()}
    finally:
        task.predictor = before


def apart(batch: Batch, place: int) -> Mapping[str, Any]:
    """Return a batch whose tiles are scenes of their own: a tile that is drawn twice must not be its own neighbour.

    Of masks the whole tile is known, so it is a scene that ends where it does; of boxes only those in its core are.
    """
    if "tiles" not in batch:
        return batch
    alone: dict[str, Any] = {"x": 0, "y": 0, "core": EVERYWHERE, "shared": (0, 0, 0, 0)} if "masks" in batch else {}
    return {**batch, "tiles": [tile._replace(scene=f"{tile.scene} {place}", **alone) for tile in batch["tiles"]]}


def redrawn(task: Task, samples: Sequence[Answered], rounds: int = 200, seed: int = 0) -> np.ndarray:
    """Return the headline metric (rounds,) of samples that are drawn anew; a seed draws the same of all that are as many."""
    counts = units(task, samples)
    draw, N = np.random.default_rng(seed), len(samples) if counts is None else len(counts)
    draws = [draw.integers(0, N, N) for _ in range(rounds)]
    if counts is None:
        return np.array([metric(task, samples, drawn.tolist()) for drawn in draws])
    times = torch.from_numpy(np.stack([np.bincount(drawn, minlength=N) for drawn in draws])).double()
    return np.array([task.of_counts(sums) for sums in torch.tensordot(times, counts.double(), 1)])


def units(task: Task, samples: Sequence[Answered]) -> Tensor | None:
    """Return the counts (N, …) of what is redrawn, samples or, where these are few, their parts; None: it is of no sums."""
    few = len(samples) < WHOLE
    found = [(task.counts_of_parts if few else task.counts)(one.answer, one.batch) for one in samples]
    known = [one for one in found if one is not None]
    if len(known) < len(samples):
        return None
    return torch.cat(known) if few else torch.stack(known)


def interval(task: Task, whole: float, drawn: np.ndarray) -> Interval:
    """Return a value of all samples with the 95 % interval of those of redrawn ones (rounds,).

    Redrawn samples on which the metric is not defined, as without any object, are not counted.
    """
    known = drawn[np.isfinite(drawn)]
    if known.size < drawn.size / 2:
        raise ZooError(
            f"the metric {task.monitor.name!r} is not defined on {drawn.size - known.size} of {drawn.size} redrawn "
            "validation sets: hold out more samples"
        )
    return Interval(whole, *(float(end) for end in np.quantile(known, [0.025, 0.975])))


def compare(
    task: Task, ours: Sequence[Answered], theirs: Sequence[Answered], rounds: int = 200, seed: int = 0
) -> Interval:
    """Return how much better `ours` are than `theirs` by the headline metric, with the 95 % interval of the bootstrap."""
    sign = task.monitor.sign
    drawn = [redrawn(task, samples, rounds, seed) for samples in (ours, theirs)]
    whole = [metric(task, samples) for samples in (ours, theirs)]
    return interval(task, sign * (whole[0] - whole[1]), sign * (drawn[0] - drawn[1]))
