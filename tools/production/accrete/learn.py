"""Fine-tuning of a version of a site: a run as any other, that begins with the weights of the version."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        told = any(one.numel() for one in known)  # where nothing is found, nothing is told
        return told and len(found) == len(known) and all(close(a, b) for a, b in zip(known, found, strict=True))

    return same


def asked(model: nn.Module, batch: Mapping[str, Any], classes: int) -> list[Tensor]:
    """Return what a model says of a batch, of objects only those of the first so many classes."""
    inputs = [batch[name] for name in ("images", "inputs", "lengths") if name in batch]
    model.eval()
    with torch.inference_mode():
        return list(tensors(model(*inputs), classes))


def tensors(answer: Any, classes: int) -> Iterator[Tensor]:
    """Yield the tensors in an answer, whatever holds them."""
    if isinstance(answer, Tensor):
        yield answer
    elif isinstance(answer, Mapping):
        known = answer["labels"] < classes if "labels" in answer else slice(None)
        yield from (value[known] for value in answer.values() if isinstance(value, Tensor))
    elif isinstance(answer, list | tuple):
        for part in answer:
            yield from tensors(part, classes)


def close(before: Tensor, after: Tensor) -> bool:
    """Tell whether an answer is the one before, along sides that grew in the first places of them."""
    if before.ndim != after.ndim or any(a < b for a, b in zip(after.shape, before.shape, strict=True)):
        return False
    part = after[tuple(slice(0, size) for size in before.shape)]
    return torch.allclose(before.float(), part.float(), atol=SAME, rtol=SAME)


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
