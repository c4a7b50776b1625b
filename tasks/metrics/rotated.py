"""Mean average precision of rotated boxes, as the development kit of DOTA counts it.

Rules of DOTA (Xia et al. 2018, https://arxiv.org/abs/1711.10398; task 1 of https://captain-whu.github.io/DOTA), which are
those of PASCAL VOC with exact overlaps: a detection is judged by the one object of its class in its image that it overlaps
most. It is a hit if the IoU is over the threshold and no better scored detection had that object already; it does not
count if that object is difficult; else it is a false alarm. Difficult objects are not missed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from zoo.detection.matching import difficult_of
from zoo.detection.rotated_iou import rotated_overlaps
from zoo.errors import ZooError

#: COCO's thresholds of the IoU; the first is DOTA's and VOC's.
THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
#: The recalls of VOC 2007, with the development kit's rounding: 0.1 · 3 is a little more than 0.3.
ELEVEN = torch.arange(11, dtype=torch.double) * 0.1


class RotatedAveragePrecision(Metric):
    """Average precision by class and in the mean, under the exact area below the curve (VOC 2012) and at 11 recalls (2007).

    `update` takes lists of dictionaries as torchmetrics' MeanAveragePrecision does: `boxes (N, 5)`, `scores`, `labels`,
    and `boxes (M, 5)`, `labels`, perhaps `difficult (M,)` bool. `compute` gives `map` (mean over IoU 0.5 to 0.95),
    `map_50`, `map_75`, `map_50_11_points`, `mar` (recall, mean over the thresholds), and for the `classes` that have
    objects `map_per_class`, `map_50_per_class` and `map_50_11_points_per_class`. NaN when no class has an object.
    """

    higher_is_better = True
    full_state_update = False
    scores: list[Tensor]
    labels: list[Tensor]
    hits: list[Tensor]
    ignored: list[Tensor]
    objects: Tensor

    def __init__(self, classes: int, **settings: Any) -> None:
        super().__init__(**settings)
        for name in ("scores", "labels", "hits", "ignored"):
            self.add_state(name, [], dist_reduce_fx="cat")
        self.add_state("objects", torch.zeros(classes, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, preds: Sequence[Mapping[str, Tensor]], target: Sequence[Mapping[str, Tensor]]) -> None:
        """Judge the detections of some images; each image is given once."""
        if len(preds) != len(target):
            raise ZooError(f"preds are of {len(preds)} images and target of {len(target)}; each image has one of both")
        for found, truth in zip(preds, target, strict=True):
            order = torch.argsort(found["scores"], descending=True, stable=True)
            best = {key: found[key][order] for key in ("boxes", "scores", "labels")}
            hits, ignored = judge(best, truth)
            self.scores.append(best["scores"])
            self.labels.append(best["labels"])
            self.hits.append(hits)
            self.ignored.append(ignored)
            self.objects += truth["labels"][~difficult_of(truth)].bincount(minlength=len(self.objects))

    def compute(self) -> dict[str, Tensor]:
        """Average what was judged."""
        if not len(self.scores):
            raise ZooError("no images were given to RotatedAveragePrecision; call update before compute")
        scores, labels, hits, ignored = map(dim_zero_cat, (self.scores, self.labels, self.hits, self.ignored))
        classes = torch.nonzero(self.objects).flatten()
        areas, eleven, recalls = [], [], []
        for label in classes.tolist():
            mine = torch.nonzero(labels == label).flatten()
            mine = mine[torch.argsort(scores[mine], descending=True, stable=True)]
            recall, precision = curves(hits[mine], ignored[mine], int(self.objects[label]))
            areas.append(area_below(recall, precision))
            eleven.append(at_eleven_recalls(recall, precision))
            recalls.append(recall[-1])
        by_class, by_class_11, found = (
            torch.stack(part) if part else torch.full((0, len(THRESHOLDS)), torch.nan)
            for part in (areas, eleven, recalls)
        )
        return {
            "map": by_class.mean(),
            "map_50": by_class[:, 0].mean(),
            "map_75": by_class[:, THRESHOLDS.index(0.75)].mean(),
            "map_50_11_points": by_class_11[:, 0].mean(),
            "mar": found.mean(),
            "classes": classes,
            "map_per_class": by_class.mean(dim=1),
            "map_50_per_class": by_class[:, 0],
            "map_50_11_points_per_class": by_class_11[:, 0],
        }


def judge(found: Mapping[str, Tensor], truth: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Masks (N, T) of the hits and of what does not count among detections (N,), best score first, at each threshold."""
    count = len(found["labels"])
    first, second, iou = rotated_overlaps(found["boxes"].double(), truth["boxes"].double())
    same = found["labels"][first] == truth["labels"][second]
    first, second, iou = first[same], second[same], iou[same]
    order = torch.argsort(second, stable=True)
    for key, descending in ((iou, True), (first, False)):  # the first of each detection's is what it overlaps most
        order = order[torch.argsort(key[order], descending=descending, stable=True)]
    first, second, iou = first[order], second[order], iou[order]
    most = torch.ones(len(first), dtype=torch.bool)
    most[1:] = first[1:] != first[:-1]
    detection, target = first[most], second[most]
    over = iou[most][:, None] > torch.tensor(THRESHOLDS, dtype=torch.double)  # (E, T)
    rank = torch.where(over, detection[:, None], count)
    owner = torch.full((len(truth["labels"]), len(THRESHOLDS)), count)
    owner.scatter_reduce_(0, target[:, None].expand_as(rank), rank, "amin")
    difficult = difficult_of(truth)[target][:, None]
    masks = torch.zeros(2, count, len(THRESHOLDS), dtype=torch.bool)
    masks[0, detection] = over & (owner[target] == rank) & ~difficult
    masks[1, detection] = over & difficult
    return masks[0], masks[1]


def curves(hits: Tensor, ignored: Tensor, objects: int) -> tuple[Tensor, Tensor]:
    """Recall and the precision (N + 1, T) that is reached at that recall or a greater one, after 0 to N detections."""
    right = torch.cat((torch.zeros(1, hits.shape[1]), hits)).double().cumsum(0)
    wrong = torch.cat((torch.zeros(1, hits.shape[1]), ~hits & ~ignored)).double().cumsum(0)
    precision = right / (right + wrong).clamp(min=torch.finfo(torch.double).eps)
    return right / objects, precision.flip(0).cummax(0).values.flip(0)


def area_below(recall: Tensor, precision: Tensor) -> Tensor:
    """Area (T,) below the curve of recall and precision (N + 1, T), as VOC has it since 2010."""
    return (recall.diff(dim=0) * precision[1:]).sum(dim=0)


def at_eleven_recalls(recall: Tensor, precision: Tensor) -> Tensor:
    """Mean (T,) of the precision (N + 1, T) at the recalls 0, 0.1 … 1, as VOC had it until 2009; 0 where none is reached."""
    places = torch.searchsorted(recall.T.contiguous(), ELEVEN.expand(recall.shape[1], 11).contiguous())  # (T, 11)
    padded = torch.cat((precision, torch.zeros(1, precision.shape[1])))
    return padded.T.gather(1, places).mean(dim=1)
