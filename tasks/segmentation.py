"""Segmentation: cross-entropy and Dice as losses; the metric is intersection over union over whole scenes."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tasks.base import Batch, Metric, Stage, Task
from zoo.errors import ZooError, near
from zoo.segmentation import foreground_of, losses
from zoo.segmentation.confusion import Confusion, mean_of_present
from zoo.segmentation.scene import Blender, Masks, Region

log = logging.getLogger(__name__)

#: The scenes that are kept whole for the pictures; the metrics need none.
SCENES_KEPT = 6


@dataclass(frozen=True)
class SceneResult:
    """A scene's truth and prediction (H, W) uint8, 255 where the class is not known."""

    name: str
    truth: Tensor
    predicted: Tensor


class Segmentation(Task):
    """Gives every pixel a class; evaluation blends the tiles of a scene and counts each of its pixels once.

    The headline `iou` is the mean over the foreground: all classes but the one named `background`. `class_weights`
    weighs the cross-entropy by name, 1 where nothing is said; `dice` weighs the Dice loss beside it, 0 leaves it out.
    """

    better: ClassVar[Metric] = Metric("iou", "max")

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        class_weights: Mapping[str, float] | None = None,
        dice: float = 1.0,
        **optimisation: Any,
    ) -> None:
        super().__init__(model, classes, **optimisation)
        self.dice = dice
        self.foreground = foreground_of(self.classes)
        self.class_weights: Tensor | None = None
        if class_weights:
            self.class_weights = weights_of(self.classes, class_weights)
        self.results: list[SceneResult] = []
        self.forget()

    def forget(self) -> None:
        """Begin a new evaluation."""
        self.confusion, self.blender = Confusion(len(self.classes)), Blender[Tensor]()
        self.truths, self.predictions = Masks(), Masks()

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy and the weighted Dice loss."""
        logits, masks = self.model(self.formatted(batch["images"])), batch["masks"]
        parts = {"cross_entropy": losses.cross_entropy(logits, masks, self.class_weights)}
        if self.dice > 0:
            parts["dice"] = self.dice * losses.dice(logits, masks, self.foreground)
        return parts

    def respond(self, batch: Batch) -> Tensor:
        """Return the logits (B, K, H, W) of a batch."""
        return self.model(self.formatted(batch["images"]))

    def observe(self, batch: Batch, stage: Stage) -> None:
        """Predict the tiles, and count the pixels that are final by them."""
        predicted = self.respond(batch).detach().float().softmax(dim=1).cpu().numpy()  # (B, K, H, W)
        for tile, truth, found in zip(batch["tiles"], batch["masks"], predicted, strict=True):
            for region in self.blender.add(tile, found, truth.cpu()):
                self.count(region, stage)

    def count(self, region: Region[Tensor], stage: Stage) -> None:
        """Count the pixels of a region; in the test, keep the first scenes for the pictures."""
        truth = region.beside[: region.height, : region.width]
        found = torch.from_numpy(region.probabilities).argmax(dim=0)
        self.confusion.add(truth, found)
        known = self.truths.parts
        if stage == "test" and (region.tile.scene in known or len(known) < SCENES_KEPT):
            self.truths.add(region.tile, truth)
            self.predictions.add(region.tile, found)

    def conclude(self, stage: Stage) -> dict[str, float]:
        """Compute IoU and Dice, their means over the foreground, the mean IoU over all classes, and the accuracy.

        A class that is neither in the truth nor in the prediction is in no mean; a mean over none is NaN, and said.
        """
        self.blender.finish()
        found = self.predictions.scenes()
        self.results = [SceneResult(name, truth, found[name]) for name, truth in self.truths.scenes().items()]
        metrics = scores(self.confusion, self.classes, self.foreground)
        for name in (name for name, value in metrics.items() if math.isnan(value)):
            log.warning("%s/%s is not defined: %s", stage, name, self.reason())
        self.forget()
        return metrics

    def reason(self) -> str:
        """Say why a mean cannot be computed."""
        if int(self.confusion.counts.sum()) == 0:
            return "no pixel of the masks is known, all are 255"
        names = ", ".join(self.classes[i] for i in self.foreground)
        return f"none of {names} is in the truth or in the prediction"

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the scenes with their truth, prediction and the difference, and the best and worst parts."""
        from tasks.plots.segmentation import draw

        return draw(folder, self.results, self.classes, data)


def scores(confusion: Confusion, classes: Sequence[str], foreground: Sequence[int]) -> dict[str, float]:
    """Return the metrics by name; those of single classes only where the class is present."""
    iou, dice = confusion.iou(), confusion.dice()
    present = [i for i in range(len(classes)) if not torch.isnan(iou[i])]
    return {
        "iou": mean_of_present(iou, foreground),
        "miou": mean_of_present(iou, range(len(classes))),
        "dice": mean_of_present(dice, foreground),
        "accuracy": confusion.accuracy(),
        **{f"iou/{classes[i]}": float(iou[i]) for i in present},
        **{f"dice/{classes[i]}": float(dice[i]) for i in present},
    }


def weights_of(classes: Sequence[str], weights: Mapping[str, float]) -> Tensor:
    """Return the weights (K,) float32 in the order of the classes."""
    for name, weight in weights.items():
        if name not in classes:
            raise ZooError(f"task.class_weights names {name!r}{near(name, classes)}; classes: {', '.join(classes)}")
        if not (weight > 0 and math.isfinite(weight)):
            raise ZooError(f"task.class_weights.{name}={weight} must be a positive number; 1 is neutral")
    return torch.tensor([float(weights.get(name, 1.0)) for name in classes])
