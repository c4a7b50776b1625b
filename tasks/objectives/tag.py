"""One class for each step: cross-entropy or the model's own loss, F1 of steps, and F1 of entities for BIO labels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics.functional.classification import multiclass_confusion_matrix

from tasks.base import Batch, Metric
from tasks.objectives.entities import OUTSIDE, Entity, agreement, is_bio, read
from tasks.objectives.objective import Objective
from tasks.results.tagging import TaggingResult
from zoo.errors import ZooError, near
from zoo.inference.answers import Tags
from zoo.sequence.kinds import Structured

#: What stands in `tags (B, T)` where nobody has said the label, and behind the end of a sequence.
UNLABELLED = -100


@dataclass(frozen=True)
class Steps:
    """What a model says of the steps of a batch, logits (B, T, K) and lengths (B,); and the model, which may read them."""

    logits: Tensor
    lengths: Tensor
    model: nn.Module

    def decode(self) -> Tensor:
        """Return tags (B, T): what a structured model finds most likely together, else the largest logit."""
        if isinstance(self.model, Structured):
            return self.model.decode(self.logits, self.lengths)
        return self.logits.argmax(dim=2)


class Tag(Objective):
    """Steps to classes. `smoothing` and `weights` (by class, 1 where nothing is said) are of the cross-entropy.

    Classes named O, B-x, I-x are entities in the BIO scheme, and their F1 is the headline; `entities` says how broken runs
    of them count: `lenient` as conlleval does, `strict` only what begins with B. Otherwise it is the macro F1 of steps.
    """

    gives = Tags
    required_keys: ClassVar[tuple[str, ...]] = ("tags",)

    def __init__(
        self,
        classes: Sequence[str],
        smoothing: float = 0.0,
        weights: Mapping[str, float] | None = None,
        entities: str = "lenient",
    ) -> None:
        super().__init__(classes)
        if len(classes) < 2:
            raise ZooError(
                f"the objective 'tag' needs two classes or more; the data has {', '.join(classes) or 'none'}"
            )
        if unknown := [name for name in weights or {} if name not in classes]:
            raise ZooError(
                f"task.objective_options.weights names {unknown[0]!r}{near(unknown[0], classes)}; "
                f"the classes are {', '.join(classes)}"
            )
        self.smoothing, self.entities = smoothing, entities
        self.weights = torch.tensor([float((weights or {}).get(name, 1.0)) for name in classes])
        self.bio = is_bio(classes)
        read((), entities)  # refuses a word that is not known
        self.monitor = Metric("entity_f1" if self.bio else "f1", "max")  # type: ignore[misc]  # it depends on the classes
        self.results: tuple[TaggingResult, ...] = ()
        self.pending: list[TaggingResult] = []

    def respond(self, model: nn.Module, batch: Batch) -> Steps:
        """Return the logits of every step, or say that the model gives none."""
        logits: Tensor = model(batch["inputs"], batch["lengths"])
        wanted = (*batch["inputs"].shape[:2], len(self.classes))
        if tuple(logits.shape) != wanted:
            raise ZooError(
                f"the objective 'tag' needs logits (B, T, K) = {wanted}, and the model gives "
                f"{tuple(logits.shape)}; take a model with an output for every step, as its card says"
            )
        return Steps(logits.float(), batch["lengths"], model)

    def losses(self, outputs: Steps, batch: Batch) -> dict[str, Tensor]:
        """Return the model's own loss, or the mean cross-entropy over the labelled steps; 0 where there are none."""
        tags = batch["tags"]
        if isinstance(outputs.model, Structured):
            return {"likelihood": outputs.model.loss(outputs.logits, tags, outputs.lengths)}
        weights = self.weights.to(outputs.logits.device)
        summed = F.cross_entropy(
            outputs.logits.flatten(0, 1), tags.flatten(), weights, reduction="sum", label_smoothing=self.smoothing
        )
        return {"cross_entropy": summed / weights[tags[tags >= 0]].sum().clamp(min=1e-12)}

    def update(self, outputs: Steps, batch: Batch) -> None:
        """Keep what was said of every step of a batch."""
        said, true = outputs.decode().cpu(), batch["tags"].cpu()
        words = batch.get("words") or [()] * len(said)
        for row, length in enumerate(batch["lengths"].tolist()):
            own = slice(0, length)
            self.pending.append(TaggingResult(batch["names"][row], said[row, own], true[row, own], tuple(words[row])))

    def answers(self, outputs: Steps, batch: Batch) -> list[Tags]:
        """Return the tags; their probabilities where steps are told by themselves; the entities of BIO classes."""
        tags, alone = outputs.decode(), not isinstance(outputs.model, Structured)
        best = outputs.logits.softmax(dim=2).amax(dim=2)
        found = []
        for row, length in enumerate(outputs.lengths.tolist()):
            names = [self.classes[tag] for tag in tags[row, :length].tolist()]
            known = {key: list(batch[key][row]) for key in ("words", "times") if key in batch}
            words = known.get("words", ())
            entities = [entity_answer(entity, words) for entity in read(names, self.entities)] if self.bio else None
            found.append(Tags(names, best[row, :length].tolist() if alone else None, entities, **known))
        return found

    def compute(self) -> dict[str, float]:
        """Return accuracy and F1 of steps, and for BIO classes precision, recall and F1 of entities."""
        self.results, self.pending = tuple(self.pending), []
        counts = self.confusion()
        return {**step_metrics(counts, self.classes), **(self.entity_metrics() if self.bio else {})}

    def confusion(self) -> Tensor:
        """Return counts of labelled steps (K, K): rows are true classes, columns predicted ones."""
        said, true = (torch.cat([getattr(one, part) for one in self.results]) for part in ("said", "true"))
        return multiclass_confusion_matrix(said, true, len(self.classes), ignore_index=UNLABELLED)

    def entity_metrics(self) -> dict[str, float]:
        """Return seqeval's figures: micro (`entity_f1` …), macro over the types (`entity_f1_macro`), and of each type."""
        pairs = [[self.labels(one.true, one.true), self.labels(one.said, one.true)] for one in self.results]
        true, said = ([read(labels, self.entities) for labels in side] for side in zip(*pairs, strict=True))
        return agreement(true, said)

    def labels(self, tags: Tensor, true: Tensor) -> list[str]:
        """Return tags (T,) as words; a step without a true label is outside of everything."""
        return [
            self.classes[tag] if known >= 0 else OUTSIDE
            for tag, known in zip(tags.tolist(), true.tolist(), strict=True)
        ]

    def reason(self, metric: str) -> str:
        """Say what the labels lack."""
        if metric == "entity_precision":
            return "no entity is said"
        return (
            "no entity is there to be found" if metric.startswith("entity") else "no step has a label that it is about"
        )

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the confusion matrix of the steps and the sequences with most errors, true above said."""
        from tasks.plots import classification, tagging

        if not self.results:
            raise RuntimeError("draw comes after compute")
        return [
            classification.draw_confusion(folder / "confusion.png", self.confusion(), self.classes),
            tagging.draw_strips(folder / "worst.png", self.results, self.classes),
        ]


def entity_answer(entity: Entity, words: Sequence[str]) -> dict[str, Any]:
    """Return an entity with the words that it stands for, its steps where there are none."""
    steps = range(entity.first, entity.last + 1)
    return {**entity._asdict(), "text": " ".join(words[step] if words else str(step) for step in steps)}


def step_metrics(counts: Tensor, classes: Sequence[str]) -> dict[str, float]:
    """Return accuracy, macro F1 (`f1`), micro F1 without the class O (`f1_micro`), and the F1 of each class.

    `counts` (K, K) are steps by true and predicted class. A class that is neither there nor said has no F1 and no part in
    the mean; what nothing bears on is NaN.
    """
    hits, true, said = counts.diagonal().double(), counts.sum(dim=1).double(), counts.sum(dim=0).double()
    f1, inside = 2 * hits / (true + said), torch.tensor([name != OUTSIDE for name in classes])
    return {
        "accuracy": float(hits.sum() / true.sum()),
        "f1": float(f1.nanmean()),
        "f1_micro": float(2 * hits[inside].sum() / (true + said)[inside].sum()),
        **{f"f1/{name}": value for name, value in zip(classes, f1.tolist(), strict=True) if not math.isnan(value)},
    }
