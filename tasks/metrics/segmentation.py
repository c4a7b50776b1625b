"""What a segmentation is judged by, counted as its regions become final: each pixel of each scene once, exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zoo.geometry.tiles import Tile
from zoo.segmentation import foreground_of
from zoo.segmentation.boundary import Boundaries
from zoo.segmentation.confusion import Confusion, mean_of_present
from zoo.segmentation.footprints import Tally, known, of_labels
from zoo.segmentation.instances import Method
from zoo.segmentation.scene import Strips


@dataclass(frozen=True)
class MetricOptions:
    """What is computed besides confusion: boundary F1 at a tolerance in pixels, instance F1 by a method; None is neither."""

    tolerance: float | None = None
    instances: Method | None = None


class SegmentationMetrics:
    """The counts of one evaluation.

    Confusion needs nothing of a scene, boundaries need the rows that their tolerance reaches; instances need both masks of
    a scene whole, some 30 bytes a pixel while they are matched.
    """

    def __init__(self, classes: Sequence[str], options: MetricOptions) -> None:
        self.classes, self.foreground, self.method = classes, foreground_of(classes), options.instances
        self.confusion, self.strips = Confusion(len(classes)), Strips()
        self.boundaries = None if options.tolerance is None else Boundaries(len(classes), options.tolerance)
        self.wholes: dict[str, list[np.ndarray]] = {}
        self.tallies = dict.fromkeys(self.foreground, Tally())

    def add(self, tile: Tile, truth: Tensor, found: Tensor) -> None:
        """Count a region of a scene, truth and prediction int (h, w), that begins at the tile's corner."""
        self.confusion.add(truth, found)
        if self.boundaries is None and self.method is None:
            return
        strip = self.strips.add(tile, torch.stack((truth, found)).to(torch.uint8).numpy())
        if strip is None:
            return
        if self.boundaries is not None:
            self.boundaries.add(tile.scene, strip, tile.ends_scene)
        if self.method is not None:
            self.wholes.setdefault(tile.scene, []).append(strip)
            if tile.ends_scene:
                truth_whole, found_whole = np.concatenate(self.wholes.pop(tile.scene), axis=1)
                self.match(truth_whole, found_whole, self.method)

    def match(self, truth: np.ndarray, found: np.ndarray, method: Method) -> None:
        """Match the instances of a scene's masks (H, W); what lies where the truth is not known is none."""
        there, seen = method.of_truth(truth), method(found)
        labels = known(truth, seen.labels)
        for value in self.foreground:
            of_class = (np.where(i.classes == value, np.arange(len(i.classes)), 0) for i in (there, seen))
            overlaps = of_labels(*(select[own] for select, own in zip(of_class, (there.labels, labels), strict=True)))
            self.tallies[value] += overlaps.match()

    def compute(self) -> dict[str, float]:
        """Return the metrics by name; those of single classes only where the class is present."""
        iou, dice = self.confusion.iou(), self.confusion.dice()
        return {
            "iou": mean_of_present(iou, self.foreground),
            "miou": mean_of_present(iou, range(len(self.classes))),
            "dice": mean_of_present(dice, self.foreground),
            "accuracy": self.confusion.accuracy(),
            **self.by_class("iou", iou),
            **self.by_class("dice", dice),
            **self.boundary_metrics(),
            **self.instance_metrics(),
        }

    def boundary_metrics(self) -> Mapping[str, float]:
        """Return boundary F1, of the foreground and by class."""
        if self.boundaries is None:
            return {}
        f1 = self.boundaries.f1()
        return {"boundary_f1": mean_of_present(f1, self.foreground), **self.by_class("boundary_f1", f1)}

    def instance_metrics(self) -> Mapping[str, float]:
        """Return F1, precision and recall of instances: means over the classes of the foreground, F1 by class too."""
        if self.method is None:
            return {}
        of: dict[str, Tensor] = {}
        for name in ("f1", "precision", "recall"):
            of[name] = torch.full((len(self.classes),), torch.nan, dtype=torch.float64)
            for value, tally in self.tallies.items():
                of[name][value] = getattr(tally, name)
        means = {f"instance_{name}": mean_of_present(values, self.foreground) for name, values in of.items()}
        return {**means, **self.by_class("instance_f1", of["f1"])}

    def by_class(self, metric: str, values: Tensor) -> dict[str, float]:
        """Return those of values (K,) that are defined, named by their classes."""
        return {f"{metric}/{name}": float(v) for name, v in zip(self.classes, values, strict=True) if not v.isnan()}

    def reason(self, metric: str) -> str:
        """Say why a mean cannot be computed."""
        if int(self.confusion.counts.sum()) == 0:
            return "no pixel of the masks is known, all are 255"
        names = ", ".join(self.classes[i] for i in self.foreground)
        what = "a boundary" if metric == "boundary_f1" else "an instance" if "instance" in metric else "a pixel"
        return f"neither the truth nor the prediction has {what} of {names}"
