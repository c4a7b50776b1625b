"""Fine-tuning of a version of a site: a run as any other, that begins with the weights of the version."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from tasks.session import Session
from tools.production.accrete.material import Material
from zoo.files import write_json
from zoo.runs.run import Run
from zoo.sources.digest import digest
from zoo.weights.growing import grow
from zoo.weights.pretrained import Provenance

if TYPE_CHECKING:
    from tasks.base import Task

#: The least change of an answer that counts as one.
SAME = 1e-4


class AccretionSession(Session):
    """A run that begins with the weights of another, whose classes are the first of its own."""

    material: Material

    def build_model(self) -> nn.Module:
        """Build the model for all classes, and give it what the old one has learnt."""
        model, old = super().build_model(), self.material.opened.build()
        batch = next(iter(self.material.judging(self.material.opened.classes).val_dataloader()))
        few, many = len(self.material.opened.classes), len(self.material.classes)
        grow(old, model, (few, many), alike(old, batch, few))
        self.provenance = [asdict(self.origin()), *self.material.opened.metrics.get("weights", ())]
        write_json(self.run.folder / "provenance.json", self.provenance)
        return model.train()  # it was asked in evaluation mode, and Lightning leaves modes as they are

    def draw(self, task: "Task") -> None:
        """Draw nothing: a site keeps no pictures."""

    def origin(self) -> Provenance:
        """Return where the weights came from that this run begins with."""
        opened = self.material.opened
        before = opened.metrics.get("weights") or [{"licence": "that of this project's code"}]
        weights = opened.weights or Path()
        source, sha256 = f"models/{weights.parent.name}", digest(weights)
        return Provenance(
            opened.model, opened.digest, source, "the site", sha256, str(before[0]["licence"]), "unchanged"
        )


def alike(old: nn.Module, batch: Mapping[str, Any], classes: int) -> Callable[[nn.Module], bool]:
    """Return what tells whether a model answers a batch about so many classes as the old model does."""
    known = asked(old, batch, classes)

    def same(new: nn.Module) -> bool:
        found = asked(new, batch, classes)
        told = any(one.values.numel() for one in known)  # where nothing is found, nothing is told
        return told and len(found) == len(known) and all(a.told_by(b) for a, b in zip(known, found, strict=True))

    return same


class Said(NamedTuple):
    """A part of an answer: a tensor whose first places are those of known classes, or objects (N, F) in any order."""

    values: Tensor
    objects: bool = False

    def told_by(self, other: "Said") -> bool:
        """Tell whether another answer says the same."""
        before, after = self.values.float(), other.values.float()
        if self.objects:  # the order of scores that are equal but for their last digits is that of the processor
            apart = torch.cdist(before, after, p=torch.inf) <= SAME * (1 + before.abs().amax(dim=1, keepdim=True))
            return len(before) == len(after) and bool(apart.any(dim=0).all() and apart.any(dim=1).all())
        if before.ndim != after.ndim or any(a < b for a, b in zip(after.shape, before.shape, strict=True)):
            return False
        part = after[tuple(slice(0, size) for size in before.shape)]
        return torch.allclose(before, part, atol=SAME, rtol=SAME)


def asked(model: nn.Module, batch: Mapping[str, Any], classes: int) -> list[Said]:
    """Return what a model says of a batch, of objects only those of the first so many classes."""
    inputs = [batch[name] for name in ("images", "inputs", "lengths") if name in batch]
    model.eval()
    with torch.inference_mode():
        return list(parts(model(*inputs), classes))


def parts(answer: Any, classes: int) -> Iterator[Said]:
    """Yield the parts of an answer, whatever holds them."""
    if isinstance(answer, Tensor):
        yield Said(answer)
    elif isinstance(answer, Mapping) and "labels" in answer:
        known = answer["labels"] < classes
        fields = [value[known] for value in answer.values() if isinstance(value, Tensor)]
        yield Said(torch.cat([one.float().reshape(len(one), -1) for one in fields], dim=1), objects=True)
    elif isinstance(answer, Mapping):
        yield from (Said(value) for value in answer.values() if isinstance(value, Tensor))
    elif isinstance(answer, list | tuple):
        for part in answer:
            yield from parts(part, classes)


def learn(material: Material, folder: Path, words: Sequence[str]) -> Run:
    """Fine-tune a model on material, into the new run folder; `words` change its settings."""
    from configuration.composition import recompose, to_dict
    from configuration.training import carry_out

    config = to_dict(recompose(dict(material.opened.config), list(words)))
    config |= {"run": str(folder), "resume": None, "resume_changed": False, "fit": "off"}
    session = AccretionSession({**config, "model": {**config["model"], "pretrained": False}}, material.data)
    session.material = material
    with redirect_stdout(sys.stderr):  # what a run says of its own folder is not what this command found
        carry_out(session)
    return session.run
