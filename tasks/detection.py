"""Detection: the model brings its losses; the metric is the mean average precision over whole scenes.

COCO's for axis-aligned boxes, DOTA's for rotated ones.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torchmetrics.detection import MeanAveragePrecision

from tasks.base import Batch, Metric, Stage, Task
from tasks.metrics.rotated import RotatedAveragePrecision
from tasks.results.detection import DetectionResult
from zoo.detection.geometry import geometry as geometry_named
from zoo.detection.matching import curve, difficult_of, match
from zoo.detection.scene import SceneMerger, to_scene
from zoo.errors import ZooError

#: COCO counts 100 detections an image, but a scene seen from above has more objects than that.
DETECTION_LIMITS = [1, 100, 10_000]
RECALL = f"mar_{DETECTION_LIMITS[-1]}"
NAMES = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large")


class Detection(Task):
    """Finds objects; evaluation merges the tiles of a scene before it counts."""

    monitor: ClassVar[Metric] = Metric("map_50", "max")

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        geometry: str = "box",
        recall: Sequence[int] = (),
        **optimisation: Any,
    ) -> None:
        """`recall` are the numbers of proposals of a scene whose average recall, whatever their class, is a metric too."""
        super().__init__(model, classes, **optimisation)
        if recall and geometry != "box":
            raise ZooError(f"task.recall={list(recall)} is for boxes that are not rotated; leave it out")
        self.recall = tuple(recall)
        self.geometry, self.columns = geometry, geometry_named(geometry).box_size
        #: The score from which on detections are shown: that of the best F1, once it was computed.
        self.shown = 0.3
        self.reset()

    def reset(self) -> None:
        """Begin a new evaluation."""
        self.merger = SceneMerger(self.geometry)
        self.truths: dict[str, list[dict[str, Tensor]]] = defaultdict(list)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses that the model computes."""
        self.refuse_other_geometry(batch["targets"], "the data have")
        return self.model(self.to_memory_format(batch["images"]), batch["targets"])

    def respond(self, batch: Batch) -> list[dict[str, Tensor]]:
        """Return the detections in each image of a batch."""
        return self.model(self.to_memory_format(batch["images"]))

    def understands(self, known: Sequence[str]) -> bool:
        """What is said of one class stands by itself: a model may know more classes than the data have."""
        return set(self.classes) <= set(known)

    def among(self, answer: list[dict[str, Tensor]], known: Sequence[str]) -> list[dict[str, Tensor]]:
        """Return the detections of this task's classes, numbered as they are here."""
        numbers = torch.tensor([self.classes.index(name) if name in self.classes else -1 for name in known])
        renamed = [{**found, "labels": numbers[found["labels"]]} for found in answer]
        return [{key: value[found["labels"] >= 0] for key, value in found.items()} for found in renamed]

    def update(self, batch: Batch, stage: Stage) -> None:
        """Detect in each tile and keep what is its own."""
        detections = self.answer(batch)
        self.refuse_other_geometry(batch["targets"], "the data have")
        self.refuse_other_geometry(detections, "the model finds")
        for tile, found, target in zip(batch["tiles"], detections, batch["targets"], strict=True):
            self.merger.add(tile, {key: value.cpu() for key, value in found.items()})
            here = {key: target[key].cpu() for key in ("boxes", "labels")}
            here |= {"boxes": to_scene(tile, here["boxes"]), "difficult": difficult_of(target).cpu()}
            self.truths[tile.scene].append(here)

    def refuse_other_geometry(self, parts: Sequence[Mapping[str, Tensor]], who: str) -> None:
        """Refuse boxes of another number of columns than this task's geometry has."""
        wrong = [part["boxes"].shape[1] for part in parts if part["boxes"].shape[1] != self.columns]
        if wrong:
            raise ZooError(
                f"{who} boxes of {wrong[0]} numbers, but task.geometry={self.geometry} has {self.columns}; say"
                f" data.geometry={self.geometry}, or task.geometry={'box' if wrong[0] == 4 else 'rotated_box'}"
            )

    def compute(self, stage: Stage) -> dict[str, float]:
        """Compute average precision over the scenes, whole, by size and by class, and the best F1; NaN without objects."""
        found = self.merger.scenes()
        self.results = [
            DetectionResult(name, found[name], {key: torch.cat([part[key] for part in parts]) for key in parts[0]})
            for name, parts in self.truths.items()
        ]
        self.reset()
        matched = [match(result.found, result.truth, geometry=self.geometry) for result in self.results]
        f1, score = curve(matched).best()
        averages = AVERAGE[self.geometry](self.results, self.classes)
        metrics = {**averages, **proposal_recall(self.results, self.recall), "f1": f1}
        if math.isnan(score):
            return metrics  # no object says from which score on detections are to be shown
        self.shown = score
        return {**metrics, "score_at_best_f1": score}

    def reason(self, metric: str) -> str:
        """Say what a metric that is not defined lacks."""
        return "no object is there to be found"

    def agreement(self, answer: Any, other: Any, batch: Batch) -> float | None:
        """Return the F1 of the detections that are shown, held against those of the other answer at IoU 0.5."""
        pairs = [(self.visible(one), self.visible(two)) for one, two in zip(answer, other, strict=True)]
        hits = sum(int((match(*pair, geometry=self.geometry).hits >= 0).sum()) for pair in pairs)
        count = sum(len(one["scores"]) for pair in pairs for one in pair)
        return 2 * hits / count if count else 1.0

    def visible(self, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the detections that are shown."""
        kept = found["scores"] >= self.shown
        return {key: found[key][kept] for key in ("boxes", "scores", "labels")}

    def certainties(self, answer: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the scores of the detections that are shown, and which of them hit an object."""
        pairs = zip(map(self.visible, answer), batch["targets"], strict=True)
        matched = [match(found, target, geometry=self.geometry) for found, target in pairs]
        kept = [~one.ignored for one in matched]
        scores = torch.cat([one.scores[own] for one, own in zip(matched, kept, strict=True)])
        return scores, torch.cat([one.hits[own] >= 0 for one, own in zip(matched, kept, strict=True)])

    def sketch(self, axes: Any, batch: Batch, answer: Any | None) -> None:
        """Draw the tile with its boxes."""
        from tasks.plots.detection import draw_tile

        target = batch["targets"][0]
        draw_tile(axes, batch, (target if answer is None else self.visible(answer[0]))["boxes"])

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the scenes with hits, misses and false alarms, the curve, and the best and worst parts."""
        from tasks.plots.detection import draw

        return draw(folder, self.results, data, self.geometry, self.shown)


def proposal_recall(results: Sequence[DetectionResult], limits: Sequence[int]) -> dict[str, float]:
    """Return the average recall `ar_k` of the first k proposals of the scenes, whatever their class, for each limit k.

    Hosang et al. 2015, https://arxiv.org/abs/1502.05082. Difficult objects are not asked for; NaN without objects.
    """
    found = [{**result.found, "labels": torch.zeros_like(result.found["labels"])} for result in results]
    boxes = [result.truth["boxes"][~difficult_of(result.truth)] for result in results]
    truth = [{"boxes": those, "labels": torch.zeros(len(those), dtype=torch.long)} for those in boxes]
    wanted, recalls = sorted(set(limits)), dict[str, float]()
    for three in (wanted[i : i + 3] for i in range(0, len(wanted), 3)):  # COCO counts at three numbers
        more = range(three[-1] + 1, three[-1] + 4 - len(three))
        metric = MeanAveragePrecision(backend="faster_coco_eval", max_detection_thresholds=[*three, *more])
        metric.warn_on_many_detections = False
        metric.update(found, truth)
        values = metric.compute()
        recalls |= {f"ar_{k}": float(values[f"mar_{k}"]) for k in three}
    return {name: value if value >= 0 else float("nan") for name, value in recalls.items()}


def average_precision(results: Sequence[DetectionResult], classes: Sequence[str]) -> dict[str, float]:
    """Return COCO's mean average precision; what no object bears on (-1 there) is left out, and map_50 then is NaN.

    Difficult objects are what COCO calls a crowd: not asked for, and what lies in them is no false alarm.
    """
    metric = MeanAveragePrecision(
        backend="faster_coco_eval",
        class_metrics=len(classes) > 1,
        extended_summary=len(classes) > 1,
        max_detection_thresholds=DETECTION_LIMITS,
    )
    metric.warn_on_many_detections = False
    truths = [{**result.truth, "iscrowd": difficult_of(result.truth).long()} for result in results]
    metric.update([result.found for result in results], truths)
    values = metric.compute()
    named = {name: float(values[name]) for name in (*NAMES, RECALL) if float(values[name]) >= 0}
    if len(classes) > 1:
        present = [int(index) for index in values["classes"].flatten()]
        curves = values["precision"]  # (IoU threshold, recall, class, size, number of detections); the first IoU is 0.5
        for name, per_class in (
            ("map", values["map_per_class"].flatten()),
            ("map_50", curves[0, :, :, 0, -1].mean(dim=0)),
        ):
            pairs = zip(present, per_class.tolist(), strict=True)
            named |= {f"{name}/{classes[i]}": value for i, value in pairs if value >= 0}
    return {"map_50": float("nan"), **named}


def rotated_average_precision(results: Sequence[DetectionResult], classes: Sequence[str]) -> dict[str, float]:
    """Return DOTA's mean average precision, under the same names; map_50 is NaN without objects."""
    metric = RotatedAveragePrecision(len(classes))
    metric.update([result.found for result in results], [result.truth for result in results])
    values = metric.compute()
    present = values["classes"].flatten().tolist()  # torchmetrics squeezes what has one element
    if not present:
        return {"map_50": float("nan")}
    named = {name: float(values[name]) for name in ("map", "map_50", "map_75", "map_50_11_points")}
    named[RECALL] = float(values["mar"])
    if len(classes) > 1:
        for name in ("map", "map_50"):
            by_class = values[f"{name}_per_class"].flatten().tolist()
            named |= {f"{name}/{classes[i]}": value for i, value in zip(present, by_class, strict=True)}
    return named


#: The headline metric of each geometry.
AVERAGE: Mapping[str, Callable[[Sequence[DetectionResult], Sequence[str]], dict[str, float]]] = {
    "box": average_precision,
    "rotated_box": rotated_average_precision,
}
