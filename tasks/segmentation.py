"""Segmentation: losses of pixels and of regions, by choice; the metric is intersection over union over whole scenes."""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from tasks.base import Batch, Metric, Stage, Task
from tasks.metrics.segmentation import MetricOptions, SegmentationMetrics
from tasks.results.segmentation import SegmentationResult
from zoo.errors import ZooError, near
from zoo.segmentation import IGNORED, foreground_of
from zoo.segmentation.confusion import Confusion, iou, mean_of_present
from zoo.segmentation.instances import Method
from zoo.segmentation.losses import LOSSES, Weighing, balanced
from zoo.segmentation.scene import Blender, Masks, Region, of_tile

#: The scenes that are kept whole for the pictures, so many and more as long as they have no more pixels than these.
SCENES_KEPT, PIXELS_KEPT = 6, 1 << 24
#: The side of the blocks of a mask that are redrawn where there are few scenes, pixels: larger than most objects.
BLOCK = 64
#: The word for class weights that are read off the data.
BALANCED = "balanced"
#: The word for no instances.
NONE: Literal["none"] = "none"
DEFAULT_LOSSES: Mapping[str, float] = {"cross_entropy": 1.0, "dice": 1.0}


class Segmentation(Task):
    """Gives every pixel a class; evaluation blends the tiles of a scene and counts each of its pixels once.

    The headline `iou` is the mean over the foreground: all classes but those named `background` and `border`.
    `boundary_tolerance` is that of boundary F1 in pixels, None for none of it; `instances` is how objects are told apart for
    instance F1, by a name in `zoo.segmentation.instances.METHODS`, or `none`. `losses` weighs
    the losses of `zoo.segmentation.losses` by name. `class_weights` weighs the classes in those that go pixel by pixel: by
    name, 1 where nothing is said, or `balanced` by the pixels that the training data have of each.
    """

    monitor: ClassVar[Metric] = Metric("iou", "max")

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        class_weights: Mapping[str, Annotated[float, Field(gt=0)]] | Literal["balanced"] | None = None,
        losses: Mapping[str, Annotated[float, Field(ge=0)]] = DEFAULT_LOSSES,
        boundary_tolerance: Annotated[float, Field(ge=0, le=32)] | None = 3.0,
        instances: Literal["none", "components", "borders", "watershed"] = NONE,
        **optimisation: Any,
    ) -> None:
        super().__init__(model, classes, **optimisation)
        self.parts = losses_of(losses)
        self.foreground = foreground_of(self.classes)
        self.balanced = class_weights == BALANCED
        self.weighing = Weighing(self.foreground, weights_of(self.classes, class_weights))
        method = None if instances == NONE else Method.of(instances, self.classes)
        self.metric_options = MetricOptions(boundary_tolerance, method)
        self.results: list[SegmentationResult] = []
        self.reasons: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Begin a new evaluation."""
        self.metrics, self.blender = SegmentationMetrics(self.classes, self.metric_options), Blender[Tensor]()
        self.truths, self.predictions = Masks(), Masks()

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted losses by name."""
        logits, masks = self.logits(batch), batch["masks"]
        return {name: weight * LOSSES[name](logits, masks, self.weighing) for name, weight in self.parts.items()}

    def on_fit_start(self) -> None:
        """Balance the classes by the profile of the data, when that was asked for."""
        if self.balanced:
            profile = self.trainer.datamodule.profile()  # type: ignore[attr-defined]
            self.weighing = Weighing(self.foreground, balanced([profile.classes[name] for name in self.classes]))

    def logits(self, batch: Batch) -> Tensor:
        """Return the logits (B, K, H, W) of a batch."""
        return self.model(self.to_memory_format(batch["images"]))

    def respond(self, batch: Batch) -> Tensor:
        """Return the probabilities (B, K, H, W) float32 of a batch."""
        return self.logits(batch).detach().float().softmax(dim=1)

    def update(self, batch: Batch, stage: Stage) -> None:
        """Predict the tiles, and count the pixels that are final by them."""
        predicted = self.answer(batch).cpu().numpy()  # (B, K, H, W)
        for tile, truth, found in zip(batch["tiles"], batch["masks"], predicted, strict=True):
            for region in self.blender.add(tile, found, truth.cpu()):
                self.count(region, stage)

    def counts(self, answer: Tensor, batch: Batch) -> Tensor:
        """Return the confusion (K, K) of the pixels of the tiles, each as a whole."""
        return self.counts_of_parts(answer, batch).sum(dim=0)

    def counts_of_parts(self, answer: Tensor, batch: Batch) -> Tensor:
        """Return the confusions (P, K, K) of blocks of the tiles: pixels near each other are right or wrong together."""
        confusion, found = Confusion(len(self.classes)), []
        for tile, truth, said in zip(batch["tiles"], batch["masks"], answer, strict=True):
            own = torch.from_numpy(of_tile(tile, said.numpy())).argmax(dim=0)
            for y, x in product(range(0, tile.height, BLOCK), range(0, tile.width, BLOCK)):
                ends = min(y + BLOCK, tile.height), min(x + BLOCK, tile.width)
                found.append(confusion.add(truth[y : ends[0], x : ends[1]], own[y : ends[0], x : ends[1]]))
        return torch.stack(found)

    def of_counts(self, counts: Tensor) -> float:
        """Return the mean IoU of the foreground."""
        return mean_of_present(iou(counts), self.foreground)

    def agreement(self, answer: Tensor, other: Tensor, batch: Batch) -> float | None:
        """Return the share of the pixels that have the same class in both."""
        return float((answer.argmax(dim=1) == other.argmax(dim=1)).float().mean())

    def certainties(self, answer: Tensor, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """Return the probability of the class of each known pixel, and whether it is right; None where scenes are scaled."""
        truth = batch["masks"]
        if answer.shape[-2:] != truth.shape[-2:]:
            return None
        (best, found), known = answer.max(dim=1), truth != IGNORED
        return best[known].flatten(), (found == truth)[known].flatten()

    def sketch(self, axes: Any, batch: Batch, answer: Tensor | None) -> None:
        """Draw the tile under the colours of its classes."""
        from tasks.plots.segmentation import draw_tile

        mask = batch["masks"][0] if answer is None else answer[0].argmax(dim=0)
        draw_tile(axes, batch, mask.numpy(), self.classes, self.foreground)

    def count(self, region: Region[Tensor], stage: Stage) -> None:
        """Count the pixels of a region; in the test, keep the first scenes for the pictures."""
        truth = region.beside[: region.height, : region.width]
        found = torch.from_numpy(region.probabilities).argmax(dim=0)
        self.metrics.add(region.tile, truth, found)
        known, begins = self.truths.parts, region.tile.x == region.tile.y == 0
        room = len(known) < SCENES_KEPT or self.truths.pixels + truth.numel() <= PIXELS_KEPT
        if stage == "test" and (region.tile.scene in known or (begins and room)):
            self.truths.add(region.tile, truth)
            self.predictions.add(region.tile, found)

    def compute(self, stage: Stage) -> dict[str, float]:
        """Compute IoU, Dice and boundary F1, their means over the foreground, mean IoU over all classes, accuracy, instance F1.

        A class that is neither in the truth nor in the prediction is in no mean; a mean over none is NaN.
        """
        self.blender.finish()
        found = self.predictions.scenes()
        self.results = [SegmentationResult(name, truth, found[name]) for name, truth in self.truths.scenes().items()]
        metrics = self.metrics.compute()
        self.reasons = {name: self.metrics.reason(name) for name, value in metrics.items() if math.isnan(value)}
        self.reset()
        return metrics

    def reason(self, metric: str) -> str:
        """Say what the masks lack."""
        return self.reasons[metric]

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the scenes with their truth, prediction and the difference, and the best and worst parts."""
        from tasks.plots.segmentation import draw

        return draw(folder, self.results, self.classes, data)


def losses_of(losses: Mapping[str, float]) -> dict[str, float]:
    """Return the losses that take part with their weights; ZooError for one that is not known, and for none at all."""
    for name in losses:
        if name not in LOSSES:
            raise ZooError(f"task.losses names {name!r}{near(name, LOSSES)}; there are {', '.join(LOSSES)}")
    kept = {name: float(weight) for name, weight in losses.items() if weight > 0}
    if not kept:
        raise ZooError(f"task.losses={dict(losses)} leaves nothing to train by; loss=cross_entropy_dice is the default")
    return kept


def weights_of(classes: Sequence[str], weights: Mapping[str, float] | Literal["balanced"] | None) -> Tensor | None:
    """Return the weights (K,) float32 in the order of the classes, None where none are given or they wait for the data."""
    if not weights or isinstance(weights, str):
        return None
    for name in weights:
        if name not in classes:
            raise ZooError(f"task.class_weights names {name!r}{near(name, classes)}; classes: {', '.join(classes)}")
    return torch.tensor([float(weights.get(name, 1.0)) for name in classes])
