"""Segmentation networks as exported files: images of any size that is a whole multiple of the coarsest stride, to logits."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zoo.backbone.fixed_padding import fix_padding
from zoo.backbone.grid_pool import free_pools
from zoo.errors import ZooError
from zoo.exports.arrays import ArrayDifferences, apart, compare
from zoo.exports.exporter import Arguments, Exporter
from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.images import plain, spots
from zoo.exports.runners import Runner
from zoo.segmentation.network import padded

#: Sizes that the graph is traced with, and the largest, in multiples of the coarsest stride.
TRACED, LARGEST = (3, 4), 1024


class ExportedSegmenter(nn.Module):
    """Keeps the contract of `zoo.segmentation` on what runs a file."""

    def __init__(self, run: Runner, facts: Facts) -> None:
        super().__init__()
        self.run, self.step, self.bands = run, facts.input.multiple, len(facts.bands)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1], any H and W."""
        _, C, H, W = images.shape
        if self.bands != C:
            raise ZooError(f"the exported model takes images of {self.bands} bands, not of {C}")
        found = self.run(np.ascontiguousarray(padded(images, self.step).numpy()))
        return torch.from_numpy(found["logits"])[..., :H, :W]


class SegmentationExporter(Exporter):
    """Images of any size and number."""

    fixed: ClassVar[bool] = True

    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Whole multiples of the coarsest stride."""
        return Input(multiple=int(model.step))  # type: ignore[arg-type]  # a number of the model

    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """Logits alone."""
        return ("logits",)

    def words(self, facts: Facts) -> dict[str, str]:
        """Shapes and sizes."""
        step = facts.input.multiple
        return {
            "input": f"images (B, C, H, W) float32 in [0, 1], H and W multiples of {step}: repeat the border up to them",
            "outputs": "logits (B, K, H, W): the class of a pixel is that of the largest, probabilities are their softmax",
            "multiple": str(step),
        }

    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """With batch, height and width free."""
        step, free = facts.input.multiple, torch.export.Dim
        height, width = (step * free(name, min=1, max=LARGEST) for name in ("height", "width"))
        return Graph(
            free_pools(fix_padding(model)),
            (spots(2, len(facts.bands), *(step * side for side in TRACED)),),
            ("images",),
            facts.outputs,
            {"images": {0: free.DYNAMIC, 2: height, 3: width}},
        )

    def probes(self, facts: Facts) -> Iterator[Arguments]:
        """One image and three, square and not, one that no stride divides, and such as have nothing on them."""
        bands, step = len(facts.bands), facts.input.multiple
        yield (spots(1, bands, 5 * step, 2 * step),)
        yield (spots(3, bands, 2 * step, 2 * step, seed=1),)
        yield (spots(1, bands, 2 * step + 1, 3 * step - 1, seed=2),)
        yield (plain(bands, 2 * step, 2 * step),)

    def arguments(self, batch: Mapping[str, Any]) -> Arguments:
        """The images."""
        return (batch["images"],)

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A segmentation network."""
        return ExportedSegmenter(run, facts)

    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """Of the logits."""
        return compare(trained(*probe).numpy(), exported(*probe).numpy())

    def apart(self, answer: Any, other: Any) -> float:
        """How far the probabilities are apart."""
        first, second = (said.float().softmax(dim=1).numpy() for said in (answer, other))
        return apart(first, second)


EXPORTER = SegmentationExporter()
