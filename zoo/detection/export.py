"""Detectors as exported files: boxes are decoded and suppressed within, where the format can, and chosen here where not."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zoo.backbone.fixed_padding import fix_padding
from zoo.detection.detector import DenseDetector
from zoo.detection.fixed_graph import CHOSEN, DENSE, FixedGraph, dense
from zoo.detection.geometry import geometry
from zoo.detection.postprocess import Postprocess
from zoo.detection.proof import Detections, Differences, chosen_differences, dense_differences
from zoo.detection.suppression import Suppression
from zoo.errors import ZooError
from zoo.exports.arrays import apart
from zoo.exports.exporter import Arguments, Exporter
from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.images import plain, spots
from zoo.exports.runners import Runner

#: Images that the graph is traced with: any but 1 would do, which torch takes for a constant.
BATCH = 2
#: The numbers by which detections are chosen, as `Postprocess` calls them; the graph averages no views.
LIMITS = ("score_threshold", "nms_threshold", "max_detections", "candidates")
#: What OpenVINO's own tools call two of them.
OPENVINO = {"confidence_threshold": "score_threshold", "iou_threshold": "nms_threshold"}
BOXES = {
    "box": "x1, y1, x2, y2 in pixels of the image, cut to it",
    "rotated_box": "centre x, centre y, width, height in pixels, and degrees counter-clockwise as seen, y pointing down "
    "(torchvision CXCYWHR); the longer side is the width, the angle is in [-90, 90)",
}
SCALED = "whole pictures, scaled until their longer side is {} pixels and padded at the right and lower edge with zeros"
OUTPUTS = (
    "boxes (B, M, D), scores (B, M) in falling order and labels (B, M): the detections; a score of 0 and a label of -1 "
    "where there are fewer. dense_boxes (B, P, D) and dense_scores (B, P, K): before anything was chosen. Where a format "
    "cannot suppress such boxes the file gives these two alone, from which detections are still to be chosen: scores over "
    "score_threshold, the best `candidates` of them, suppression within each class of boxes whose IoU with a better one "
    "is over nms_threshold, at most max_detections"
)


class ExportedDetector(nn.Module):
    """Keeps the contract of `zoo.detection` on what runs a file."""

    def __init__(self, run: Runner, facts: Facts) -> None:
        super().__init__()
        self.run, self.bands, self.size = run, len(facts.bands), facts.input.size
        self.geometry = geometry(geometry_of(facts))
        limits: dict[str, Any] = {name: facts.limits[name] for name in LIMITS}
        counts = {name: int(limits.pop(name)) for name in ("max_detections", "candidates")}
        self.postprocess = Postprocess(**limits, **counts)

    def answers(self, images: Tensor) -> Mapping[str, np.ndarray]:
        """The outputs of the file by name."""
        if tuple(images.shape[1:]) != (self.bands, *(self.size or ())):
            height, width = self.size or (0, 0)
            raise ZooError(
                f"the exported model takes images of {self.bands} bands and {height} × {width} pixels, not of "
                f"{tuple(images.shape[1:])}; export the run with another --size, or answer with the run"
            )
        return self.run(np.ascontiguousarray(images.numpy()))

    def forward(self, images: Tensor) -> list[dict[str, Tensor]]:
        """The detections in each of the images (B, C, H, W)."""
        found = {name: torch.from_numpy(value) for name, value in self.answers(images).items()}
        if "scores" in found:
            return [self.chosen(found, i) for i in range(len(images))]
        size = (images.shape[-2], images.shape[-1])
        boxes, scores = (found[name] for name in DENSE)
        return [self.postprocess(self.geometry, *one, size) for one in zip(boxes, scores, strict=True)]

    def chosen(self, found: Mapping[str, Tensor], image: int) -> dict[str, Tensor]:
        """The detections that the file has chosen in one image."""
        there = found["scores"][image] > 0
        return {name: found[name][image][there].clone() for name in CHOSEN}


def geometry_of(facts: Facts) -> str:
    """The geometry of a model's boxes."""
    return str(facts.task.get("geometry", "box"))


class DetectionExporter(Exporter):
    """Images of one size, that of the run's tiles: with free sizes points and padding would be formulas of each layer."""

    fixed: ClassVar[bool] = True

    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Tiles as the run is evaluated on."""
        size = int(options["tile"])
        return Input(size=(size, size))

    def limits(self, model: nn.Module) -> dict[str, float]:
        """Those of its postprocess."""
        return {name: float(getattr(checked(model).postprocess, name)) for name in LIMITS}

    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """Detections, and what they are chosen of."""
        return (*CHOSEN, *DENSE)

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """What is said of each place: which boxes are chosen hangs on little."""
        return DENSE

    def words(self, facts: Facts) -> dict[str, str]:
        """What the numbers of boxes mean."""
        kind, (height, width) = geometry_of(facts), facts.input.size or (0, 0)
        return {
            "input": f"images (B, C, {height}, {width}) float32 in [0, 1], any B",
            "geometry": kind,
            "box": BOXES[kind],
            "outputs": OUTPUTS,
            "views": str(facts.options.get("views", 1)),
            **{name: f"{facts.limits[own]:g}" for name, own in OPENVINO.items()},
            **best_score(facts.metrics),
            **({"resize": SCALED.format(facts.data["resize"])} if facts.data.get("resize") else {}),
        }

    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """With suppression inside where the format has one for such boxes."""
        kind, limits = geometry_of(facts), facts.limits
        choosing = kind in suppresses
        suppression = Suppression(
            kind, limits["nms_threshold"], limits["score_threshold"], int(limits["max_detections"])
        )
        return Graph(
            FixedGraph(checked(fix_padding(model)), choosing),
            (spots(BATCH, len(facts.bands), *(facts.input.size or (0, 0))),),
            ("images",),
            (*(CHOSEN if choosing else ()), *DENSE),
            {"images": {0: torch.export.Dim.DYNAMIC}},
            suppression if choosing else None,
        )

    def probes(self, facts: Facts) -> Iterator[Arguments]:
        """One image, three together, and such as have nothing on them."""
        size = facts.input.size or (0, 0)
        for seed, count in enumerate((1, 3)):
            yield (spots(count, len(facts.bands), *size, seed=seed),)
        yield (plain(len(facts.bands), *size),)

    def arguments(self, batch: Mapping[str, Any]) -> Arguments:
        """The images."""
        return (batch["images"],)

    def tensors(self, model: nn.Module, arguments: Arguments) -> tuple[Tensor, Tensor]:
        """Boxes and scores at each place."""
        return dense(checked(model), *arguments)

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A detector."""
        return ExportedDetector(run, facts)

    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments, facts: Facts) -> Differences:
        """Of what is said of each place, and of the detections that are chosen."""
        (images,), mine = probe, checked(trained)
        assert isinstance(exported, ExportedDetector)
        said = dict(zip(DENSE, (value.numpy() for value in dense(mine, images)), strict=True))
        total = dense_differences(said, exported.answers(images), mine.postprocess.score_threshold)
        for image, one, other in zip(images, mine(images), exported(images), strict=True):
            if (image.amax(dim=(1, 2)) > image.amin(dim=(1, 2))).any():  # else all places tie, and any are as good
                total += chosen_differences(detections(one), detections(other))
        return total

    def apart(self, answer: Any, other: Any) -> float:
        """How far the sums of the scores in each image are apart: boxes of two precisions have no common order."""
        first, second = (np.array([float(one["scores"].sum()) for one in said]) for said in (answer, other))
        return apart(first, second)


def checked(model: nn.Module) -> DenseDetector:
    """The model, if it says something at places that do not depend on what is in the image."""
    if not isinstance(model, DenseDetector):
        raise ZooError(
            f"a {type(model).__name__} cannot be exported: which regions it looks at again depends on what it finds"
        )
    return model


def detections(found: Mapping[str, Tensor]) -> Detections:
    """Detections as arrays."""
    return found["boxes"].numpy(), found["scores"].numpy(), found["labels"].numpy()


def best_score(metrics: Mapping[str, Any]) -> dict[str, str]:
    """The score at which F1 was best in validation, where it is known."""
    best = metrics.get("val/score_at_best_f1")
    return {} if best is None else {"score_at_best_f1": f"{best:.4f}"}


EXPORTER = DetectionExporter()
