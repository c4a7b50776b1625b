"""Training as it is tuned: whole steps, reading and augmenting included, by threads, workers, precision and layout."""

import copy
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice, repeat
from typing import Any

from tasks import machine
from tools.bench.tune.contest import Field, Settings
from zoo import hardware
from zoo.errors import ZooError
from zoo.registry.tasks import task

#: Steps of a turn that are timed, after one that is not, and turns of each.
STEPS, TURNS = 3, 2
#: After so many times the speed of the other, or the inverse, in their first turns there is no second one.
CLEAR = 1.2
#: Batches that a worker of torch reads ahead; what it has read while others trained is thrown away, as it took no time.
AHEAD = 2
#: The share by which a loss may differ from that of float32, on the same weights and the same batch.
LOSS = 0.02


class Training(Field):
    """The training steps of a run that words compose; nothing is kept of what they learn."""

    def __init__(self, words: Sequence[str]) -> None:
        from configuration.composition import compose, inform, to_dict
        from configuration.instantiation import data_of

        cfg = compose(words)
        self.subject = machine.subject_of(to_dict(cfg))
        self.sample = task(cfg.task.name).sample
        self.given = {key: cfg.trainer[key] for key in machine.HARDWARE}
        self.data = data_of(cfg)
        self.data.prepare_data()
        self.data.setup("fit")
        self.cfg = inform(cfg, self.data)
        self.model = self.build()
        settled = hardware.settle(self.model, **self.given)
        self.usual = {key: getattr(settled, key) for key in machine.HARDWARE}
        self.begun = copy.deepcopy(self.model.state_dict())
        self.tasks: dict[bool, Any] = {}
        self.batches: dict[int, Iterator[Any]] = {}
        self.losses: dict[tuple[str, bool], float] = {}

    def build(self) -> Any:
        """Build the model; one that takes no steps is refused."""
        from configuration.instantiation import model_of
        from zoo.sequence.closed_form import ClosedForm

        model = model_of(self.cfg, self.data)
        if isinstance(model, ClosedForm):
            raise ZooError(f"{self.cfg.model.name} is solved for at once: there are no training steps to be tuned")
        return model

    def rivals(self, best: Settings) -> Iterator[Settings]:
        """Yield one thread, no worker, the other layout and precision, two workers; what the user gave stays."""
        changes: list[Settings] = [
            {"threads": 1},
            {"workers": 0},
            {"channels_last": not best["channels_last"]},
            {"precision": "32-true" if best["precision"] != "32-true" else "bf16-mixed"},
            {"workers": 2},
            {"threads": max(1, hardware.cores() // 2)},
        ]
        for change in changes:
            ((key, value),) = change.items()
            slow = value == "bf16-mixed" and not hardware.bfloat16()
            many = key == "workers" and (value > hardware.cores() or self.data.loading.workers != "auto")
            if self.given[key] == "auto" and not slow and not many:
                yield change

    def refusal(self, settings: Settings) -> str:
        """Compare the loss of a batch, on the weights that training begins with, to that in float32."""
        exact = self.loss("32-true", self.usual["channels_last"])
        found = self.loss(settings["precision"], settings["channels_last"])
        apart = abs(found - exact) / max(abs(exact), 1e-12)
        return "" if apart <= LOSS else f"its loss is {found:.4g}, that of float32 {exact:.4g}"

    def loss(self, precision: str, last: bool) -> float:
        """Return the loss of the first batch, with the same random numbers each time."""
        import torch

        if (precision, last) not in self.losses:
            trained, batch = self.task_of(last)[0], self.first  # reading it draws random numbers
            before = copy.deepcopy(trained.model.state_dict())
            trained.model.load_state_dict(self.begun)
            torch.manual_seed(0)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
                self.losses[precision, last] = float(torch.stack(list(trained.losses(batch).values())).sum())
            trained.model.load_state_dict(before)
        return self.losses[precision, last]

    @cached_property
    def first(self) -> Any:
        """The first batch."""
        return next(iter(self.data.train_dataloader()))

    def task_of(self, last: bool) -> tuple[Any, Any]:
        """Return the task with its model in a layout, and its optimizer."""
        from configuration.instantiation import task_of
        from tasks.base import parameter_groups

        if last not in self.tasks:
            model = copy.deepcopy(self.model)
            made = task_of(self.cfg, model, self.data.classes, last)
            made.train()
            optimizer = made.optimizer(parameter_groups(made.model, made.backbone_lr, 1e-5))
            self.tasks[last] = made, optimizer
        return self.tasks[last]

    def flowing(self, workers: int) -> Iterator[Any]:
        """Return batches without end, made by so many processes."""
        if workers not in self.batches:
            self.data.workers = workers
            self.batches[workers] = chain.from_iterable(repeat(self.data.train_dataloader()))
        return self.batches[workers]

    def race(self, one: Settings, two: Settings) -> tuple[float, float]:
        """Train by both in turns."""
        counts, seconds = [0, 0], [0.0, 0.0]
        for turn in range(TURNS):
            for side, settings in list(enumerate((one, two)))[:: 1 if turn % 2 else -1]:
                samples, took = self.turn(settings)
                counts[side] += samples
                seconds[side] += took
            ratio = counts[0] * seconds[1] / (counts[1] * seconds[0])
            if not 1 / CLEAR < ratio < CLEAR:
                break
        return counts[0] / seconds[0], counts[1] / seconds[1]

    def turn(self, settings: Settings) -> tuple[int, float]:
        """Train some steps; return the samples in them, and their seconds."""
        from tasks.budget import train_step

        hardware.apply(hardware.choose(**{key: settings[key] for key in machine.HARDWARE}))
        trained, optimizer = self.task_of(settings["channels_last"])
        batches, count = self.flowing(settings["workers"]), 0
        for _ in islice(batches, AHEAD * settings["workers"]):
            pass
        train_step(trained, optimizer, next(batches), settings["precision"])
        began = time.perf_counter()
        for batch in islice(batches, STEPS):
            train_step(trained, optimizer, batch, settings["precision"])
            count += len(batch["names"])
        return count, time.perf_counter() - began
