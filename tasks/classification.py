"""Classification: what an image shows: one class, several or a grade, by the objective, a choice inside the task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tasks.base import Batch, Stage, Task
from tasks.labels.objective import LabelObjective, as_frequencies
from tasks.labels.probe import solve_head
from tasks.results.classification import ClassificationResult
from tasks.segmentation import BALANCED, weights_of
from zoo.classification.task import TASK
from zoo.errors import ZooError
from zoo.segmentation.losses import balanced

#: The weight of an auxiliary head's loss, as in Szegedy et al. 2014, https://arxiv.org/abs/1409.4842, section 5.
AUXILIARY = 0.3


class Classification(Task):
    """Says what images show; a batch holds `images (B, C, H, W)`, `labels (B, K)`, the shares of the classes, and `names`.

    `class_weights` weighs the classes in the loss by name, 1 where nothing is said, or `balanced` by the training data. The
    first `head_epochs` train the last layer alone; with `probe` it is solved for, and nothing else is settled.
    Beside the headline stands, as `…_majority`, that of who says of every image what training shows most.
    """

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        objective: str = "single_label",
        objective_options: Mapping[str, Any] | None = None,
        class_weights: Mapping[str, Annotated[float, Field(gt=0)]] | Literal["balanced"] | None = None,
        head_epochs: Annotated[int, Field(ge=0)] = 0,
        probe: bool = False,
        **optimisation: Any,
    ) -> None:
        super().__init__(model, classes, **optimisation)
        self.objective: LabelObjective = TASK.resolve(TASK.objectives[objective].module)(
            self.classes, **(objective_options or {})
        )
        self.monitor = self.objective.monitor  # type: ignore[misc]  # here the headline belongs to the objective
        self.baselines = (f"{self.monitor.name}_majority",)  # type: ignore[misc]
        self.balanced, self.weights = class_weights == BALANCED, weights_of(self.classes, class_weights)
        self.head_epochs, self.probe = head_epochs, probe
        self.frequencies: Tensor | None = None
        self.result: ClassificationResult | None = None
        self.reset()

    def reset(self) -> None:
        """Begin a new evaluation."""
        self.names: list[str] = []
        self.logits: list[Tensor] = []
        self.shares: list[Tensor] = []

    def setup(self, stage: str) -> None:
        """Learn how often training shows each class; Lightning calls this."""
        counts = self.trainer.datamodule.profile().classes  # type: ignore[attr-defined]  # set by Lightning
        self.frequencies = as_frequencies(counts, self.classes)
        if self.balanced:
            self.weights = balanced([counts[name] for name in self.classes])

    def on_train_epoch_start(self) -> None:
        """Hold all but the last layer still for the first epochs."""
        held = self.current_epoch < self.head_epochs
        backbone: Any = self.model.backbone
        backbone.requires_grad_(not held)
        backbone.train(not held)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the objective's loss, and that of auxiliary heads."""
        network: Any = self.model
        logits, *others = network.all_logits(self.to_memory_format(batch["images"]))
        parts = {"labels": self.loss(logits, batch)}
        if others:
            parts["auxiliary"] = AUXILIARY * torch.stack([self.loss(one, batch) for one in others]).sum()
        return parts

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the loss of logits (B, K)."""
        return self.objective.loss(logits.float(), batch["labels"], self.weights)

    def respond(self, batch: Batch) -> Tensor:
        """Return the logits (B, K) float32 of a batch."""
        found: Tensor = self.model(self.to_memory_format(batch["images"]))
        return found.detach().float()

    def update(self, batch: Batch, stage: Stage) -> None:
        """Keep what is said of a batch."""
        self.logits.append(self.answer(batch).cpu())
        self.shares.append(batch["labels"].cpu())
        self.names += batch["names"]

    def compute(self, stage: Stage) -> dict[str, float]:
        """Return the objective's metrics, with those of the baseline in the test; validation settles the temperature."""
        logits, shares = torch.cat(self.logits), torch.cat(self.shares)
        if stage == "val":
            self.objective.calibrate(logits, shares)
        probabilities = self.objective.probabilities(logits)
        self.result = ClassificationResult(tuple(self.names), probabilities, self.objective.labels(shares))
        self.reset()
        found = self.objective.metrics(probabilities, shares)
        return {**found, **self.baseline(shares)} if stage == "test" else found

    def baseline(self, shares: Tensor) -> dict[str, float]:
        """Return the headline of who sees no image."""
        if self.frequencies is None:
            return {}
        naive = self.objective.metrics(self.objective.naive(self.frequencies, len(shares)), shares)
        return {self.baselines[0]: naive[self.monitor.name]}

    def learned_state(self) -> dict[str, Any]:
        """Return the temperature."""
        return self.objective.learned_state()

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Take the temperature of a finished run."""
        self.objective.restore(learnt)

    def solve(self, loader: DataLoader) -> int:
        """Solve for the last layer, where a probe is asked for, and return how many images it took."""
        if not self.probe:
            return 0
        head = getattr(self.model, "head", None)
        if not isinstance(head, nn.Linear):
            raise ZooError(
                "task.probe=true solves for a last layer that is linear, and that of this model is not; take another model,"
                " such as efficientnet_lite0, or task.probe=false"
            )
        return solve_head(self.model, head, loader, self.memory_format)

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the objective's pictures, and where the model looked."""
        from tasks.plots.labels import draw_looks

        if self.result is None:
            raise RuntimeError("draw comes after compute")
        drawn = self.objective.draw(folder, self.result, data)
        if self.result.labels.ndim == 1:
            self.model.eval()
            drawn.append(draw_looks(folder / "looks.png", self.model, self.result, self.classes, data))
        return drawn
