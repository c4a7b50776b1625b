"""Sequences: recordings, series, texts. What is asked of them is the objective, a choice inside the task."""

from collections import abc
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.utils.data import DataLoader

from tasks.base import Batch, Stage, Task
from tasks.base.epochs import batches_of_epochs
from tasks.objectives import objective as chosen
from zoo.errors import ZooError
from zoo.sequence.closed_form import ClosedForm


class Sequence(Task):
    """Runs a model of `zoo.sequence` over padded batches; the objective gives loss, metrics and pictures.

    A batch holds `inputs (B, T, F)`, `lengths (B,)`, `names`, and what its objective asks for: `labels (B,)` to
    classify; `tags (B, T)` int64 to tag, -100 where there is no label, and `words` to show with them; `tokens (B, L)` int64
    and `token_lengths (B,)` to transcribe, or to translate, with the true `texts`.
    """

    def __init__(
        self,
        model: nn.Module,
        classes: abc.Sequence[str],
        objective: str = "classify",
        objective_options: abc.Mapping[str, Any] | None = None,
        **optimisation: Any,
    ) -> None:
        super().__init__(model, classes, **optimisation)
        self.objective = chosen(objective, self.classes, objective_options or {}, model)
        self.monitor = self.objective.monitor  # type: ignore[misc]  # here the headline belongs to the objective
        self.also_plotted = self.objective.also_plotted  # type: ignore[misc]
        self.baselines = self.objective.baselines  # type: ignore[misc]

    def setup(self, stage: str) -> None:
        """Show the data to the objective before training and before a test; Lightning calls this."""
        self.objective.on_data(self.trainer.datamodule, stage)  # type: ignore[attr-defined]  # set by Lightning, None without

    def learned_state(self) -> dict[str, Any]:
        """Return what the objective learnt beside the weights."""
        return self.objective.learned_state()

    def restore(self, learnt: abc.Mapping[str, Any]) -> None:
        """Give the objective what it learnt in a finished run."""
        self.objective.restore(learnt)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the parts of the objective's loss."""
        self.check(batch)
        return self.objective.losses(self.respond(batch), batch)

    def update(self, batch: Batch, stage: Stage) -> None:
        """Show the outputs for a batch to the objective."""
        self.check(batch)
        self.objective.update(self.answer(batch), batch)

    def check(self, batch: Batch) -> None:
        """Refuse data that does not say what the objective asks."""
        if missing := [key for key in self.objective.required_keys if key not in batch]:
            name = type(self.objective).__name__.lower()
            raise ZooError(
                f"task.objective={name} asks for {missing[0]!r}, which the data does not give: its batches hold "
                f"{', '.join(batch)}; take another objective, or other data"
            )

    def understands(self, known: abc.Sequence[str]) -> bool:
        """As the objective tells it: texts are texts, whatever wrote them."""
        return super().understands(known) or self.objective.free

    def counts(self, answer: Any, batch: Batch) -> Tensor | None:
        """As the objective tells it."""
        return self.objective.counts(answer, batch)

    def of_counts(self, counts: Tensor) -> float:
        """As the objective tells it."""
        return self.objective.of_counts(counts)

    def agreement(self, answer: Any, other: Any, batch: Batch) -> float | None:
        """Return the share of what is said of each sequence that is the same, as its kind of answer tells it."""
        both = (self.objective.answers(outputs, batch) for outputs in (answer, other))
        shares = [one.agreement(two) for one, two in zip(*both, strict=True)]
        known = [share for share in shares if share is not None]
        return sum(known) / len(known) if known else None

    def certainties(self, answer: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """As the objective tells it."""
        return self.objective.certainties(answer, batch)

    def sketch(self, axes: Any, batch: Batch, answer: Any | None) -> None:
        """Draw the sequence, and below it what is said of it."""
        from tasks.plots.sample import draw_input, draw_words

        draw_input(axes, batch)
        if answer is not None:
            draw_words(axes, self.objective.answers(answer, batch)[0].summary())
        elif "labels" in batch:
            draw_words(axes, self.classes[int(batch["labels"][0])])

    def compute(self, stage: Stage) -> dict[str, float]:
        """Return the objective's metrics."""
        return self.objective.compute()

    def reason(self, metric: str) -> str:
        """As the objective tells it."""
        return self.objective.reason(metric)

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the objective's pictures."""
        return self.objective.draw(folder, data)

    def solve(self, loader: DataLoader) -> int:
        """Let a model of closed form settle its weights by all training samples, and return their number."""
        if not isinstance(self.model, ClosedForm):
            return 0
        batches = list(batches_of_epochs(loader, self.model.looks))
        self.model.solve(batches)
        return sum(len(batch["names"]) for batch in batches)

    def respond(self, batch: Batch) -> Any:
        """Return what the model says of a batch, as the objective asks it."""
        return self.objective.respond(self.model, batch)
