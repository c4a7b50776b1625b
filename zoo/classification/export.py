"""Classifiers as exported files: images of any size, scaled as the run scales them, to logits and calibrated probabilities."""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import add
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zoo.backbone.resize import resize
from zoo.classification.answers import side_of
from zoo.errors import ZooError
from zoo.exports.arrays import ArrayDifferences, apart, compare
from zoo.exports.exporter import Arguments, Exporter
from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.images import plain, spots
from zoo.exports.runners import Runner

OUTPUTS = ("logits", "probabilities")
#: The objective whose classes do not exclude one another, so that each logit has a sigmoid of its own.
SEVERAL = "multi_label"
PROBABILITIES = {
    True: "probabilities (B, K): of each class by itself, the sigmoid of its logit",
    False: "probabilities (B, K): of the classes, in all 1, the softmax of the logits",
}


class Answering(nn.Module):
    """Images (B, C, H, W) in [0, 1] of any size to logits (B, K) and calibrated probabilities (B, K)."""

    def __init__(self, model: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.model, self.several = model, several(facts)
        self.side, self.temperature = side_of(facts.data), temperature_of(facts)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the outputs of the file are."""
        logits = self.model(resize(images, (self.side, self.side)))
        return logits, self.probabilities(logits / self.temperature)

    def probabilities(self, scaled: Tensor) -> Tensor:
        """Return the probabilities (B, K) of logits that the temperature has scaled."""
        return scaled.sigmoid() if self.several else scaled.softmax(dim=1)


class ExportedClassifier(nn.Module):
    """Answers with logits as `zoo.classification` has them, on what runs a file; images of any size are scaled within."""

    def __init__(self, run: Runner, facts: Facts) -> None:
        super().__init__()
        self.run, self.facts, self.bands = run, facts, len(facts.bands)

    def answers(self, images: Tensor) -> Mapping[str, np.ndarray]:
        """The outputs of the file by name."""
        if images.shape[1] != self.bands:
            raise ZooError(f"the exported model takes images of {self.bands} bands, not of {images.shape[1]}")
        return self.run(images.float().contiguous().numpy())

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K) of images (B, C, H, W) in [0, 1]."""
        return torch.from_numpy(self.answers(images)["logits"])


def several(facts: Facts) -> bool:
    """Whether an image may show several classes, or none."""
    return facts.task.get("objective") == SEVERAL


def temperature_of(facts: Facts) -> float:
    """The temperature that validation settled, 1 where nothing was calibrated."""
    return float(facts.learnt.get("temperature", 1.0))


class ClassificationExporter(Exporter):
    """Images of any number and size, since each is scaled to that of the run within the graph."""

    fixed: ClassVar[bool] = True

    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Any size."""
        return Input()

    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """Logits and probabilities."""
        return OUTPUTS

    def words(self, facts: Facts) -> dict[str, str]:
        """Shapes, and what is done within; `multilabel` as OpenVINO's own tools call it."""
        side = side_of(facts.data)
        return {
            "input": f"images (B, C, H, W) float32 in [0, 1], any size: scaled to {side} × {side} pixels within",
            "outputs": f"logits (B, K), and {PROBABILITIES[several(facts)]} over the temperature",
            "side": str(side),
            "temperature": f"{temperature_of(facts):g}",
            "multilabel": str(several(facts)),
        }

    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """With batch, height and width free."""
        free, side = torch.export.Dim.DYNAMIC, side_of(facts.data)
        example = spots(2, len(facts.bands), side + 2, side + 3)
        return Graph(
            Answering(model, facts), (example,), ("images",), facts.outputs, {"images": {0: free, 2: free, 3: free}}
        )

    def probes(self, facts: Facts) -> Iterator[Arguments]:
        """Images of the size that the network sees, larger and smaller ones of other proportions, and such as show nothing."""
        bands, side = len(facts.bands), side_of(facts.data)
        yield (spots(3, bands, side, side),)
        yield (spots(1, bands, 2 * side + 1, side, seed=1),)
        yield (spots(2, bands, side // 2 + 1, side - 1, seed=2),)
        yield (spots(1, bands, 1, 1, seed=3),)
        yield (plain(bands, side, side),)

    def arguments(self, batch: Mapping[str, Any]) -> Arguments:
        """The images."""
        return (batch["images"],)

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A classifier."""
        return ExportedClassifier(run, facts)

    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """Of logits and probabilities."""
        assert isinstance(exported, ExportedClassifier)
        mine, others = Answering(trained, exported.facts)(*probe), exported.answers(*probe)
        found = (compare(one.numpy(), others[name]) for name, one in zip(OUTPUTS, mine, strict=True))
        return reduce(add, found)

    def apart(self, answer: Any, other: Any) -> float:
        """How far the probabilities are apart."""
        first, second = (said.float().softmax(dim=1).numpy() for said in (answer, other))
        return apart(first, second)


EXPORTER = ClassificationExporter()
