"""What a compression is judged by: a run, its validation samples, and what the trained model says of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tools.compress.verdict import Candidate, Limits
from zoo.errors import ZooError
from zoo.inference.load import predictor_of
from zoo.inference.opened import Opened, of_run
from zoo.runs.run import WEIGHTS, Run

if TYPE_CHECKING:
    import numpy as np

    from tasks.base import Batch, Task
    from tasks.resampling import Answered

#: How the original answers: as it was trained to, without the help of a lower precision.
EAGER = {"precision": "32-true", "channels_last": False}
ORIGINAL = "PyTorch, float32"
#: Samples that are kept as those of the least agreement.
WORST = 4
#: Parts of answers by which the calibration error is told, at most: each pixel of many tiles would be too many.
PARTS = 1_000_000


class Evidence:
    """One run, its data, and what its model says of each validation sample, in float32 by PyTorch."""

    def __init__(self, run: Run, limits: Limits) -> None:
        from configuration.composition import recompose

        self.run, self.limits = run, limits
        self.opened = of_run(run)
        padding = (
            ["data.padding=tile"] if "padding" in self.opened.data else []
        )  # as a graph of one size sees small images
        self.cfg = recompose(run.config, ["data.batch_size=1", "trainer.workers=0", *padding])
        self.data = self.read(self.cfg)
        self.batches = list(self.data.val_dataloader())
        self.original = replace(self.opened, trainer={**self.opened.trainer, **EAGER})
        self.bytes = (run.folder / WEIGHTS).stat().st_size
        self.answers = self.answered(self.original)
        self.task = self.task_with(self.original)
        self.drawn = self.redrawn(self.answers)
        self.values = self.metrics(self.answers)
        self.refuse_nothing()
        whole = self.task.monitor.whole or abs(self.values[self.headline])
        self.limits = replace(limits, whole=whole)

    def read(self, cfg: Any) -> Any:
        """Return the data of a configuration, ready; ZooError where they are gone, or hold out nothing."""
        from configuration.instantiation import data_of

        data = data_of(cfg)
        data.restore(self.opened.fitted)
        try:
            data.prepare_data()
            data.setup()
        except OSError as error:
            raise ZooError(
                f"the data of run {self.run.folder}, by which a compression is judged, cannot be read: {error}"
            ) from error
        if not data.split.parts["val"]:
            raise ZooError(f"run {self.run.folder} holds out no validation samples, by which a compression is judged")
        return data

    def refuse_nothing(self) -> None:
        """Refuse a run whose metric says nothing that could be lost."""
        import math

        value = self.values[self.headline]
        useless = not math.isfinite(value) or (value == 0 and self.task.monitor.mode == "max")
        if useless:
            raise ZooError(
                f"run {self.run.folder} has val/{self.headline} {value:g}, of which nothing can be lost: train it further, "
                "or hold out other validation samples"
            )

    @property
    def headline(self) -> str:
        """The metric by which is judged."""
        return str(self.task.monitor.name)

    def task_with(self, opened: Opened) -> "Task":
        """Return the task of the run, where what was opened answers."""
        from configuration.instantiation import task_answered_by

        task = task_answered_by(self.cfg, predictor_of(opened), self.data.classes)
        task.restore(self.opened.learnt)
        return task

    def answered(self, opened: Opened) -> "list[Answered]":
        """Return what is said of each validation sample."""
        from tasks.resampling import answers

        return answers(self.task_with(opened), self.batches)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """By place the numbers of its samples, as the data tell places apart; {} where they tell fewer than two."""
        named = self.data.places("val")
        found: dict[str, list[int]] = {}
        for number, batch in enumerate(self.batches):
            name = str(batch["names"][0])
            if place := named.get(name) or named.get(name.rpartition("@")[0], ""):  # a tile says of which scene it is
                found.setdefault(place, []).append(number)
        return found if len(found) > 1 else {}

    def by_place(self, answered: "Sequence[Answered]") -> dict[str, float]:
        """Return the headline metric of the samples of each place."""
        parts = {place: [answered[number] for number in numbers] for place, numbers in self.places.items()}
        return {place: self.metrics(part)[self.headline] for place, part in parts.items()}

    def metrics(self, answered: "Sequence[Answered]") -> dict[str, float]:
        """Return all metrics of answers."""
        from tasks.resampling import metrics

        return metrics(self.task, answered)

    def redrawn(self, answered: "Sequence[Answered]") -> "np.ndarray":
        """Return the headline metric of redrawn samples, the same draws for all answers."""
        from tasks.resampling import redrawn

        return redrawn(self.task, answered, self.limits.rounds, self.cfg.seed)

    def training_batches(self, count: int) -> "Iterator[Batch]":
        """Yield `count` training samples one by one, as they would be evaluated, evenly from the whole split."""
        dataset = self.data.evaluated("train")
        found = min(count, len(dataset))
        for number in range(found):
            yield self.data.collate([dataset[number * len(dataset) // found]])

    def judge(self, name: str, opened: Opened, size: int, **facts: Any) -> Candidate:
        """Hold what was opened against the original, sample by sample."""
        answered = self.answered(opened)
        return self.candidate(name, answered, self.redrawn(answered), size, **facts)

    def untouched(self, **facts: Any) -> Candidate:
        """Return the original, held against itself."""
        found = self.candidate(ORIGINAL, self.answers, self.drawn, self.bytes, **facts)
        return found.model_copy(update={"refusal": ""})  # there is nothing that it could lose

    def candidate(
        self, name: str, answered: "Sequence[Answered]", drawn: "np.ndarray", size: int, **facts: Any
    ) -> Candidate:
        """Return what is to be told of answers."""
        from tasks.resampling import interval

        values = self.metrics(answered)
        value, before = values[self.headline], self.values[self.headline]
        sign = self.task.monitor.sign
        change = interval(self.task, sign * (value - before), sign * (drawn - self.drawn))
        shares = self.agreements(answered)
        return Candidate(
            name=name,
            value=value,
            interval=interval(self.task, value, drawn),
            change=change,
            metrics=values,
            places=self.by_place(answered),
            bytes=size,
            refusal=self.limits.refusal(change),
            agreement=sum(shares.values()) / len(shares) if shares else None,
            worst=tuple(pair for pair in sorted(shares.items(), key=lambda pair: pair[1])[:WORST] if pair[1] < 1),
            calibration_error=self.calibration_error(answered),
            **facts,
        )

    def agreements(self, answered: "Sequence[Answered]") -> Mapping[str, float]:
        """Return by sample the share of what is said as the original says it; {} where the task does not tell."""
        found = {}
        for one, other in zip(answered, self.answers, strict=True):
            share = self.task.agreement(one.answer, other.answer, one.batch)
            if share is not None:
                found[str(one.batch["names"][0])] = share
        return found

    def calibration_error(self, answered: "Sequence[Answered]") -> float | None:
        """Return how far certainties are from what comes true; None where answers have none."""
        import torch
        from torchmetrics.functional.classification import binary_calibration_error

        from tasks.metrics.calibration import BINS

        found = [self.task.certainties(one.answer, one.batch) for one in answered]
        known = [one for one in found if one is not None and len(one[0])]
        if not known:
            return None
        sure, right = (torch.cat(column) for column in zip(*known, strict=True))
        step = -(-len(sure) // PARTS)
        return float(binary_calibration_error(sure[::step].clamp(0, 1), right[::step].int(), n_bins=BINS))
