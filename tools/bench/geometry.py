"""`zoo bench geometry`: overlap and suppression of rotated boxes, beside torchvision's axis-aligned and shapely's in a loop.

All are given the same boxes in one run, one thread each, and take turns. torchvision sees the boxes around them, shapely
the rotated ones, pair by pair, those pairs alone whose boxes around them touch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.bench.harness import Timing, facts, lay_out, one_thread, report, take_turns
from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor

#: IoU above which the suppression drops a box: Kestrel's.
THRESHOLD = 0.55
#: Detections of each object before the suppression, as a dense detector gives them.
DETECTIONS = 10


@dataclass(frozen=True)
class Job:
    """What is computed, and by whom; the first of the ways is ours, the last is shapely's. `apart` compares answers."""

    name: str
    ways: dict[str, Callable[[], Any]]
    apart: Callable[[Any, Any], float]


def command(
    boxes: Annotated[int, typer.Option(min=1, help="boxes on either side of the overlaps")] = 1000,
    detections: Annotated[int, typer.Option(min=DETECTIONS, help="boxes that are suppressed")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, help="how often each takes its turn")] = 5,
    seed: Annotated[int, typer.Option(help="draws the boxes")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure the overlap of rotated boxes with one another and their suppression.

    Example: `zoo bench geometry`
    """
    with one_thread():
        measured = [(job.name, *measure(job, rounds)) for job in jobs(boxes, detections, seed)]
        figures = {name: {"apart": apart, "ways": facts(timings)} for name, apart, timings in measured}
        texts = [f"{name}: ours is {apart:.1e} from shapely's\n{lay_out(timings)}" for name, apart, timings in measured]
        report({"jobs": figures}, "\n\n".join(texts), json_)


def jobs(boxes: int, detections: int, seed: int) -> list[Job]:
    """Return the two jobs over boxes that are drawn from a seed."""
    import torch
    from torchvision.ops import batched_nms, box_iou

    from zoo.detection.rotated_iou import hulls, rotated_iou, rotated_nms

    torch.manual_seed(seed)
    some, others = draw_boxes(boxes), draw_boxes(boxes)
    crowd = draw_boxes(-(-detections // DETECTIONS)).repeat(DETECTIONS, 1)[:detections]
    crowd = crowd + torch.randn_like(crowd) * torch.tensor([3.0, 3, 2, 2, 5])
    crowd[:, 2:4].clamp_(min=4)
    scores, labels = torch.rand(detections), torch.zeros(detections, dtype=torch.long)
    around, other, many = (hulls(b).float() for b in (some, others, crowd))
    return [
        Job(
            f"IoU {boxes:,} × {boxes:,}",
            {
                "zoo, rotated": lambda: rotated_iou(some, others),
                "torchvision, axis-aligned": lambda: box_iou(around, other),
                "shapely in a loop": lambda: overlap_in_a_loop(some, others),
            },
            lambda ours, theirs: float((ours - theirs).abs().max()),
        ),
        Job(
            f"NMS {detections:,}",
            {
                "zoo, rotated": lambda: rotated_nms(crowd, scores, labels, THRESHOLD),
                "torchvision, axis-aligned": lambda: batched_nms(many, scores, labels, THRESHOLD),
                "shapely in a loop": lambda: suppress_in_a_loop(crowd, scores),
            },
            lambda ours, theirs: float(len(set(ours.tolist()) ^ set(theirs.tolist()))),
        ),
    ]


def draw_boxes(count: int) -> "Tensor":
    """Draw boxes (N, 5), sides of 10 to 60 pixels, any angle, as dense as vehicles in a car park: each overlaps eight."""
    import torch

    span = 25 * count**0.5
    return torch.rand(count, 5) * torch.tensor([span, span, 50, 50, 180]) + torch.tensor([0, 0, 10, 10, 0])


def measure(job: Job, rounds: int) -> tuple[float, dict[str, Timing]]:
    """Return how far our answer is from shapely's, and what each way takes; answers that differ are not timed."""
    ours, *_, theirs = job.ways.values()
    apart = job.apart(ours(), theirs())
    if apart > 1:
        raise ZooError(f"{job.name}: our answer is {apart:g} from shapely's; the times would compare different things")
    return apart, take_turns(job.ways, rounds)


def overlap_in_a_loop(boxes: "Tensor", others: "Tensor") -> "Tensor":
    """The IoU (N, M) as a straightforward program finds it with shapely."""
    import numpy as np
    import torch

    mine, theirs = polygons(boxes), polygons(others)
    low, high = bounds(theirs)
    found = np.zeros((len(mine), len(theirs)), np.float32)
    for i, polygon in enumerate(mine):
        x0, y0, x1, y1 = polygon.bounds
        for j in np.flatnonzero(((low <= (x1, y1)) & (high >= (x0, y0))).all(axis=1)):
            shared = polygon.intersection(theirs[j]).area
            found[i, j] = shared / (polygon.area + theirs[j].area - shared)
    return torch.from_numpy(found)


def suppress_in_a_loop(boxes: "Tensor", scores: "Tensor") -> "Tensor":
    """The indices that stay as a straightforward program finds them with shapely."""
    import numpy as np
    import torch

    shapes = polygons(boxes)
    low, high = bounds(shapes)
    left, kept = np.ones(len(shapes), bool), []
    for i in torch.argsort(scores, descending=True, stable=True).tolist():
        if not left[i]:
            continue
        left[i] = False
        kept.append(i)
        polygon = shapes[i]
        for j in np.flatnonzero(left & ((low <= high[i]) & (high >= low[i])).all(axis=1)):
            shared = polygon.intersection(shapes[j]).area
            left[j] = shared <= THRESHOLD * (polygon.area + shapes[j].area - shared)
    return torch.tensor(kept)


def polygons(boxes: "Tensor") -> Any:
    """Return boxes (N, 5) as an array of shapely's polygons."""
    import shapely

    from zoo.geometry import box_geometry

    return shapely.polygons(box_geometry.corners(boxes.double().numpy()))


def bounds(shapes: Any) -> tuple[Any, Any]:
    """Return the left upper (N, 2) and right lower (N, 2) corners of the boxes around shapes."""
    import shapely

    found = shapely.bounds(shapes)
    return found[:, :2], found[:, 2:]
