"""The base of the tasks: one step for training, validation and test, written once."""

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import pytorch_lightning as pl
import torch
from pydantic import Field
from pytorch_lightning.utilities.types import LRSchedulerConfigType, OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from zoo.errors import ZooError, first_few
from zoo.inference.predictor import Predictor

log = logging.getLogger(__name__)

Stage = Literal["train", "val", "test"]
Batch = Mapping[str, Any]
#: Classes that a sentence names.
SHOWN = 8


class Metric(NamedTuple):
    """The headline metric of a task and the direction that is better.

    `whole` is what a share of it is a share of: 1 of metrics from 0 to 1, 100 of points; None of those that are in pixels or in
    other units of the data, of which a share of their own value tells more.
    """

    name: str
    mode: Literal["max", "min"]
    whole: float | None = 1.0

    @property
    def sign(self) -> Literal[1, -1]:
        """By what values are multiplied so that larger is better."""
        return 1 if self.mode == "max" else -1


class Task(pl.LightningModule, ABC):
    """What all tasks share: optimisation, the step, the check for a finite loss, the logging of parts.

    A subclass gives `losses` (training), `respond` (in use), `update` (evaluation, one batch) and `compute` (evaluation,
    the end), and names its headline metric in `monitor`.
    """

    monitor: ClassVar[Metric]
    #: Metrics that are drawn with the headline as training goes on.
    also_plotted: ClassVar[tuple[str, ...]] = ()
    #: Metrics of naive answers to the same samples, which stand beside the headline wherever it is told.
    baselines: ClassVar[tuple[str, ...]] = ()
    #: What answers in the place of the task's own model, where that is evaluated, and its classes where they are others.
    predictor: Predictor[Any] | None = None
    known: tuple[str, ...] | None = None

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        optimizer: Callable[[list[dict[str, Any]]], Optimizer],
        scheduler: Callable[[Optimizer, int], LRScheduler],
        backbone_lr: Annotated[float, Field(ge=0)] = 1.0,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.model, self.classes = model.to(memory_format=self.memory_format), tuple(classes)
        self.optimizer, self.scheduler, self.backbone_lr = optimizer, scheduler, backbone_lr
        self.warned: set[tuple[Stage, str]] = set()

    @abstractmethod
    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the named parts of the training loss, scalars."""

    @abstractmethod
    def respond(self, batch: Batch) -> Any:
        """Return what the model says of a batch, as it does in use."""

    def answer(self, batch: Batch) -> Any:
        """Return what the metrics are about: what the model says of a batch, or the predictor that is evaluated."""
        if self.predictor is None:
            return self.respond(batch)
        found = self.predictor.answer(batch)
        return found if self.known is None else self.among(found, self.known)

    def answered_by(self, predictor: Predictor[Any]) -> None:
        """Evaluate a predictor in the place of the model; ZooError where it does not know the classes of the data."""
        known = predictor.metadata.classes
        if not self.understands(known):
            missing = [name for name in self.classes if name not in known]
            found = f"lacks {first_few(missing, SHOWN)} of the data's classes" if missing else "has other classes too"
            raise ZooError(
                f"{predictor.metadata.source} {found}; it knows {first_few(known, SHOWN)}. Train model="
                f"{predictor.metadata.model} on the data, or test it on data of its own classes"
            )
        self.predictor, self.known = predictor, known if known != self.classes else None

    def understands(self, known: Sequence[str]) -> bool:
        """Tell whether the answers of a model of these classes can be held against data of this task's."""
        return tuple(known) == self.classes

    def among(self, answer: Any, known: Sequence[str]) -> Any:
        """Return an answer by a model of other classes that are understood, as one about this task's."""
        return answer

    @abstractmethod
    def update(self, batch: Batch, stage: Stage) -> None:
        """Run the model on an evaluation batch and keep what the metrics need."""

    @abstractmethod
    def compute(self, stage: Stage) -> dict[str, float]:
        """Compute the metrics of all that was observed, by plain name, and forget it."""

    @abstractmethod
    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw what the last evaluation saw into `folder`; `data` gives the pictures. Returns the files."""

    def reason(self, metric: str) -> str:
        """Say, in words, what a metric that is not defined (NaN) lacks; "" where it is not meant to be."""
        return "nothing in these samples bears on it"

    def counts(self, answer: Any, batch: Batch) -> Tensor | None:
        """Return whole numbers of an answer whose sums over samples the headline metric is of; None: it is of no sums."""
        return None

    def counts_of_parts(self, answer: Any, batch: Batch) -> Tensor | None:
        """Return the `counts` (P, …) of the parts of a batch that may be redrawn by themselves; one: it has no parts."""
        whole = self.counts(answer, batch)
        return None if whole is None else whole[None]

    def of_counts(self, counts: Tensor) -> float:
        """Return the headline metric by the `counts` of samples, summed up."""
        raise NotImplementedError(f"the metric {self.monitor.name!r} is not one of sums over samples")

    def agreement(self, answer: Any, other: Any, batch: Batch) -> float | None:
        """Return the share of what two answers to a batch say that is the same, 0 to 1; None where the task cannot tell."""
        return None

    def certainties(self, answer: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """Return how sure the parts of an answer are (N,), in [0, 1], and which are right (N,) bool; None: it has no scores."""
        return None

    def sketch(self, axes: Any, batch: Batch, answer: Any | None) -> None:
        """Draw the first sample of a batch into matplotlib axes with an answer to it, or with the truth where that is None."""
        from tasks.plots.sample import draw_input

        draw_input(axes, batch)

    def learned_state(self) -> dict[str, Any]:
        """Return what the task learnt beside the weights and needs in use, such as a threshold, as JSON knows it.

        It is kept in the head of the run's weights.
        """
        return {}

    def restore(self, learnt: Mapping[str, Any]) -> None:  # most learn nothing
        """Take what a finished run had learnt."""

    def solve(self, loader: DataLoader) -> int:
        """Solve for the weights at once, where the model is of that kind; return how many samples it took, 0 where not."""
        return 0

    def to_memory_format(self, images: Tensor) -> Tensor:
        """Lay images (B, C, H, W) out in memory as the model is."""
        return images.contiguous(memory_format=self.memory_format)

    def step(self, batch: Batch, stage: Stage) -> Tensor | None:
        """Train on a batch and return the loss, or observe it."""
        if stage != "train":
            self.update(batch, stage)
            return None
        parts = self.losses(batch)
        self._refuse_non_finite(parts, batch)
        total = torch.stack(list(parts.values())).sum()
        size = len(batch["names"])
        self.log_dict({f"train/{name}": part.detach() for name, part in parts.items()}, batch_size=size)
        self.log("train/loss", total.detach(), batch_size=size, prog_bar=True)
        return total

    def training_step(self, batch: Batch, index: int) -> Tensor | None:
        """See `step`."""
        return self.step(batch, "train")

    def validation_step(self, batch: Batch, index: int) -> None:
        """See `step`."""
        self.step(batch, "val")

    def test_step(self, batch: Batch, index: int) -> None:
        """See `step`."""
        self.step(batch, "test")

    def on_validation_epoch_end(self) -> None:
        """Log the validation metrics."""
        self._compute("val")

    def on_test_epoch_end(self) -> None:
        """Log the test metrics."""
        self._compute("test")

    def _compute(self, stage: Stage) -> None:
        metrics = self.compute(stage)
        self.warn_of_undefined(stage, metrics)
        headline = self.monitor.name
        self.log(f"{stage}/{headline}", metrics.pop(headline), prog_bar=True)
        self.log_dict({f"{stage}/{name}": value for name, value in metrics.items()})

    def in_words(self, headline: float) -> str:
        """Return the value of the headline metric for the end of a run, or why it has none."""
        return f"is not defined: {self.reason(self.monitor.name)}" if math.isnan(headline) else f"{headline:.3f}"

    def warn_of_undefined(self, stage: Stage, metrics: Mapping[str, float]) -> None:
        """Say which metrics are not defined, and why: once of each, as a split does not change from epoch to epoch."""
        for name in (name for name, value in metrics.items() if math.isnan(value)):
            reason = self.reason(name)
            if reason and (stage, name) not in self.warned:
                log.warning("%s/%s is not defined: %s", stage, name, reason)
            self.warned.add((stage, name))

    def _refuse_non_finite(self, parts: Mapping[str, Tensor], batch: Batch) -> None:
        bad = [name for name, part in parts.items() if not torch.isfinite(part)]
        if bad:
            raise ZooError(
                f"the loss {bad[0]!r} is {parts[bad[0]].item()} at step {self.global_step}, on {', '.join(batch['names'])};"
                " look at these samples (`zoo data check`), or lower optimizer.lr or set trainer.precision=32-true"
            )

    def configure_gradient_clipping(
        self, optimizer: Optimizer, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip the norm. Lightning refuses fused optimizers here, for the sake of fp16's loss scaling; bfloat16 has none."""
        if gradient_clip_val is not None:
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Build the optimizer over two kinds of parameters and the schedule over all steps of the run."""
        optimizer = self.optimizer(parameter_groups(self.model, self.backbone_lr, self._learning_rate()))
        schedule = self.scheduler(optimizer, int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": LRSchedulerConfigType(scheduler=schedule, interval="step")}

    def _learning_rate(self) -> float:
        rate = getattr(self.optimizer, "keywords", {}).get("lr")
        if not isinstance(rate, float | int) or rate <= 0:
            raise ZooError(
                f"optimizer.lr={rate} must be a positive number; the optimizer is a partial with a learning rate"
            )
        return float(rate)


def parameter_groups(model: nn.Module, backbone_lr: float, lr: float) -> list[dict[str, Any]]:
    """Split the trainable parameters: no weight decay on vectors (norms, biases); a learning rate of its own in the backbone.

    Source of the first rule: He et al. 2019, “Bag of Tricks for Image Classification”, section 3.1.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((name.startswith("backbone."), parameter.ndim < 2), []).append(parameter)
    made = []
    for (backbone, vector), parameters in groups.items():
        group: dict[str, Any] = {"params": parameters, "lr": lr * backbone_lr if backbone else lr}
        made.append({**group, "weight_decay": 0.0} if vector else group)
    return made
