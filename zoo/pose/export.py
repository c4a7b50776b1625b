"""Pose networks as exported files: images of the size that the run sees, to keypoints; reading off the maps is within."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zoo.backbone.fixed_padding import fix_padding
from zoo.errors import ZooError
from zoo.exports.exporter import Arguments, Exporter
from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.images import spots
from zoo.exports.runners import Runner

#: By how many pixels a keypoint may be elsewhere, and by how much its score may be another.
PIXELS, SCORE = 0.1, 1e-3
#: Keypoints that may lie elsewhere as two peaks of a map are equally high but for rounding: on noise, a share of this many.
TIED = 0.02


@dataclass(frozen=True)
class PoseDifferences:
    """How far keypoints are apart, pixels, and their scores; `elsewhere` of `count` are at another peak of equal score."""

    pixels: float = 0.0
    score: float = 0.0
    elsewhere: int = 0
    count: int = 0

    def __add__(self, other: "PoseDifferences") -> "PoseDifferences":
        """Return those of both."""
        return PoseDifferences(
            float(np.maximum(self.pixels, other.pixels)),
            float(np.maximum(self.score, other.score)),
            self.elsewhere + other.elsewhere,
            self.count + other.count,
        )

    @property
    def said(self) -> tuple[str, ...]:
        """The largest differences, in a sentence."""
        tied = f"; {self.elsewhere} chose another peak of the same height" if self.elsewhere else ""
        return (
            f"{self.count:,} keypoints differ by up to {self.pixels:.1e} pixels and {self.score:.1e} in score{tied}",
        )

    def disagreement(self) -> str:
        """Return what is beyond the limits, in words; "" if nothing is."""
        if not self.count:
            return "nothing was compared"
        if not self.pixels <= PIXELS:  # NaN too
            return f"its keypoints differ by up to {self.pixels:.3g} pixels (at most {PIXELS:g})"
        if not self.score <= SCORE:
            return f"its scores differ by up to {self.score:.3g} (at most {SCORE:g})"
        if self.elsewhere > TIED * self.count:
            return f"{self.elsewhere} of {self.count} keypoints are elsewhere"
        return ""


def compare(trained: Tensor, exported: Tensor) -> PoseDifferences:
    """Compare keypoints (B, N, J, 3); one far away of the same score to the last digits is at another peak as high."""
    if trained.shape != exported.shape:
        return PoseDifferences(float("nan"), count=1)
    apart = (trained - exported)[..., :2].norm(dim=-1)
    scores = (trained - exported)[..., 2].abs()
    tied = (apart > PIXELS) & (scores <= SCORE / 100)
    kept = torch.where(tied, torch.zeros_like(apart), apart)
    return PoseDifferences(float(kept.max()), float(scores.max()), int(tied.sum()), apart.numel())


class ExportedPose(nn.Module):
    """Keeps the contract of `zoo.pose` on what runs a file."""

    trains: ClassVar[bool] = False

    def __init__(self, run: Runner, facts: Facts) -> None:
        super().__init__()
        self.run, self.shape = run, (len(facts.bands), *(facts.input.size or (0, 0)))

    def forward(self, images: Tensor) -> Tensor:
        """Return keypoints (B, N, J, 3) of images (B, C, S, S)."""
        if tuple(images.shape[1:]) != self.shape:
            raise ZooError(
                f"the exported model takes images of the shape {self.shape}, not of {tuple(images.shape[1:])}"
            )
        return torch.from_numpy(self.run(np.ascontiguousarray(images.numpy()))["keypoints"])


class PoseExporter(Exporter):
    """Squares of one size, any number of them."""

    fixed: ClassVar[bool] = True

    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Squares as the run sees them."""
        size = int(options.get("size") or options.get("tile") or 256)
        return Input(size=(size, size))

    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """Keypoints alone."""
        return ("keypoints",)

    def words(self, facts: Facts) -> dict[str, str]:
        """What the numbers mean."""
        size, _ = facts.input.size or (0, 0)
        return {
            "input": f"images (B, C, {size}, {size}) float32 in [0, 1], any B: a part of a picture scaled until its longer "
            "side is that, in the middle, with 0 beside it",
            "outputs": "keypoints (B, N, J, 3): x and y in pixels of the image from its upper left corner on, and a score",
            "keypoints": ", ".join(facts.classes),
        }

    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """With the batch free."""
        shape = facts.input.size or (0, 0)
        free = {"images": {0: torch.export.Dim.DYNAMIC}}
        return Graph(fix_padding(model), (spots(2, len(facts.bands), *shape),), ("images",), facts.outputs, free)

    def probes(self, facts: Facts) -> Iterator[Arguments]:
        """One image, and three together."""
        for seed, count in enumerate((1, 3)):
            yield (spots(count, len(facts.bands), *(facts.input.size or (0, 0)), seed=seed),)

    def arguments(self, batch: Mapping[str, Any]) -> Arguments:
        """The images."""
        return (batch["images"],)

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A pose network."""
        return ExportedPose(run, facts)

    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments, facts: Facts) -> PoseDifferences:
        """Of the keypoints."""
        return compare(trained(*probe), exported(*probe))

    def apart(self, answer: Any, other: Any) -> float:
        """How far scores are apart: places of two precisions may be those of two peaks."""
        return float(
            (answer.float() - other.float())[..., 2].abs().max() / answer.float()[..., 2].abs().max().clamp(min=1e-6)
        )


EXPORTER = PoseExporter()
