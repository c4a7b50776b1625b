"""Structured pruning of a run: channels go in stages, with training in between, and what is left is a run of its own."""

import copy
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.compress.evidence import Evidence
from tools.compress.retraining import Retraining
from tools.compress.verdict import Pruned
from zoo.compression.channels import Channels, Importance
from zoo.compression.widths import difference, widths_of
from zoo.errors import ZooError
from zoo.factory import WIDTHS, rebuild
from zoo.factory.multiply_adds import multiply_adds
from zoo.files import write_json
from zoo.fit import check
from zoo.inference.exported import exporter_of
from zoo.inference.opened import of_run
from zoo.registry.models import card
from zoo.runs.card import write_card
from zoo.runs.run import WEIGHTS, Run
from zoo.sources.digest import digest
from zoo.weights.pretrained import Provenance

if TYPE_CHECKING:
    from torch import nn

#: Stages in which channels go; each is trained for its part of the epochs.
STAGES = 2
#: The epochs in sum, as a share of the run's own, and of these the share after each stage but the last.
LONGER = 1.5
FIRST = 0.25
#: The share of the channels of a group without which it is seen how much the network hangs on them, and on how many samples.
PROBED, SAMPLES = 0.5, 24
#: The channels of a group without which the metric is lost go so much less readily than those without which nothing is.
READILY = 0.25
#: Training batches of which the gradients tell how much channels matter.
BATCHES = 8
#: Files of a run that are of its data, and the same for a pruned one.
ALIKE = ("profile.json", "fit.json")


class Narrow:
    """A run with fewer channels, trained on its own data, made in a folder; a `share` of its multiply-adds goes.

    It says of itself that it lies in `home`, where it is put when it is kept.
    """

    def __init__(self, evidence: Evidence, epochs: int | None, folder: Path, share: float, home: Path) -> None:
        if not 0 < share < 1:
            raise ZooError(f"--prune {share}: the share of the multiply-adds that goes lies between 0 and 1")
        self.evidence, self.run, self.folder, self.share, self.home = evidence, evidence.run, folder, share, home
        self.head, self.notes = evidence.run.head(), list[str]()
        exporter = exporter_of(evidence.opened)
        self.example = exporter.arguments(evidence.batches[0])
        self.outputs: Callable[[nn.Module], Any] = lambda model: exporter.tensors(model, self.example)
        # what lost channels learns anew: longer than the run had learnt, and as fast
        self.training = Retraining(evidence, epochs, share=LONGER, slower=1.0)

    @property
    def once(self) -> dict[str, Any]:
        """The options by which an image is seen once: channels are the same in all views."""
        return {"views": 1} if "views" in self.head["options"] else {}

    def made(self) -> Run:
        """Prune and train, and return the run that comes out."""
        import pytorch_lightning as pl

        self.began = time.perf_counter()
        pl.seed_everything(self.training.cfg.seed, verbose=False)
        model = self.run.load_model(**self.once)
        whole = self.multiply_adds(model)
        self.sensitivity = self.probed(model)
        for stage, epochs in enumerate(self.stages(), 1):
            model = self.thinned(model, self.multiply_adds(model) - (1 - self.share * stage / STAGES) * whole)
            task = self.training.task(model.train())
            self.training.fit(task, epochs, *self.training.averages())
        self.whole, self.left = whole, self.multiply_adds(model)
        return self.write(model)

    def stages(self) -> list[int]:
        """Return the epochs after each stage; most of them are the last one's."""
        first = max(1, round(FIRST * self.training.epochs))
        return [*[first] * (STAGES - 1), max(1, self.training.epochs - first * (STAGES - 1))]

    def thinned(self, model: "nn.Module", gone: float) -> "nn.Module":
        """Return the model without so many multiply-adds, built anew by its table; layers that lost channels learn."""
        if gone <= 0:  # the stage before took whole multiples of channels, and with them more than its part
            return model
        pruned = copy.deepcopy(model)
        channels = self.channels(pruned, "taylor")
        self.learn_gradients(pruned)
        channels.remove(channels.plan(gone / channels.multiply_adds({}), self.readiness()))
        self.head = {**self.head, WIDTHS: difference(rebuild({**self.head, WIDTHS: {}}), pruned)}
        model = rebuild(self.head, **self.once)
        model.load_state_dict(pruned.state_dict())
        for name in self.head[WIDTHS]:
            model.get_submodule(name).requires_grad_(True)  # also where the run left them as they were
        return model

    def channels(self, model: "nn.Module", importance: Importance = "magnitude") -> Channels:
        """Return the groups of channels of a model."""
        return Channels(model, self.outputs, importance)

    def learn_gradients(self, model: "nn.Module") -> None:
        """Let the weights carry the gradients of the loss on some training batches."""
        import torch

        task, state = self.training.task(model.train()), copy.deepcopy(model.state_dict())
        for batch in islice(self.training.data.train_dataloader(), BATCHES):
            torch.stack([*task.losses(batch).values()]).sum().backward()
        model.load_state_dict(state)  # the statistics of norms have seen these batches
        model.eval()

    def probed(self, model: "nn.Module") -> dict[str, float]:
        """Return by group what the metric loses when a share of its channels alone goes, without any training."""
        channels = self.channels(copy.deepcopy(model))
        before = self.metric(channels.model)
        found = {}
        for name, group in channels.groups.items():
            if count := group.nearest(PROBED):
                with channels.silenced({name: count}):
                    found[name] = before - self.metric(channels.model)
        return found

    def readiness(self) -> dict[str, float]:
        """Return how readily the channels of each group go, 1 where nothing hangs on them."""
        scale = max(abs(self.evidence.values[self.evidence.headline]), 1e-9)
        return {name: max(READILY, min(1.0, 1 - drop / scale)) for name, drop in self.sensitivity.items()}

    def metric(self, model: "nn.Module") -> float:
        """Return the headline metric on some validation samples, larger where it is better."""
        from tasks.resampling import answers

        task = self.evidence.task_with(replace(self.evidence.original, build=lambda **_: model))
        monitor = self.evidence.task.monitor
        step = -(-len(self.evidence.batches) // SAMPLES)
        return monitor.sign * self.evidence.metrics(answers(task, self.evidence.batches[::step]))[monitor.name]

    def multiply_adds(self, model: "nn.Module") -> int:
        """Return what the answer to one sample costs, seen once."""
        return multiply_adds(lambda: self.outputs(model.eval()))

    def write(self, model: "nn.Module") -> Run:
        """Write the run: weights with the table of widths, configuration, metrics, and a card."""
        made, config = Run(self.folder), self.run.config
        words = f"zoo compress {self.run.folder} --goal fast --prune {self.share:g}"
        made.open({**config, "run": str(self.home), "begin": str(self.run.folder), "command": words})
        for name in (name for name in ALIKE if (self.run.folder / name).exists()):
            shutil.copyfile(self.run.folder / name, self.folder / name)
        made.save_model(model, self.head)
        metrics = {**self.run.metrics, **self.measured(made), "weights": [asdict(self.provenance())]}
        write_json(self.folder / "provenance.json", metrics["weights"])
        self.describe(made, metrics)
        made.save_metrics(metrics)
        return made

    def facts(self) -> Pruned:
        """Return what is told of the pruning."""
        built, left = (
            widths_of(rebuild({**self.head, WIDTHS: table})) for table in (dict[str, Any](), self.head[WIDTHS])
        )
        outputs = {name: (left[name][1], was) for name, (_, was) in built.items() if left[name][1] != was}
        return Pruned(
            multiply_adds=self.left,
            of=self.whole,
            epochs=self.training.epochs,
            probed=PROBED,
            sensitivity=self.sensitivity,
            channels=outputs,
        )

    def measured(self, made: Run) -> dict[str, Any]:
        """Return the metrics of a run on validation and test, and what it took."""
        from tools.predict.evaluate import tested_as

        opened = of_run(made)
        judged = self.evidence.metrics(self.evidence.answered(opened))
        values = {f"val/{name}": value for name, value in judged.items()}
        return {**values, **tested_as(opened, [])[2], "seconds": round(time.perf_counter() - self.began, 1)}

    def provenance(self) -> Provenance:
        """Return where the weights come from."""
        licence, gone = card(self.head["model"]).licences.weights, 1 - self.left / self.whole
        said = f"pruned, {gone:.0%} of {self.whole:,} multiply-adds gone, and trained further"
        return Provenance(
            self.head["model"], "run", str(self.run.folder), "run", digest(self.run.folder / WEIGHTS), licence, said
        )

    def describe(self, made: Run, metrics: Mapping[str, Any]) -> None:
        """Write the card, where the run knows its data."""
        if (profile := self.evidence.opened.profile) is not None:
            entry = card(self.head["model"])
            write_card(made, entry, profile, check(entry, profile, made.config), metrics)
