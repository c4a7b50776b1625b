"""`zoo bench geometry`: overlap and suppression of rotated boxes, beside torchvision's axis-aligned and shapely's in a loop.

All are given the same boxes in one run, one thread each, and take turns. torchvision sees the boxes around them, shapely
the rotated ones, pair by pair, those pairs alone whose boxes around them touch.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.terminal.columns import table
from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor

#: IoU above which the suppression drops a box: Kestrel's.
THRESHOLD = 0.55
#: Detections of each object before the suppression, as a dense detector gives them.
DETECTIONS = 10


@dataclass(frozen=True)
class Row:
    """A way to do a job: its median, fastest and slowest seconds, and how far its answer is from shapely's."""

    job: str
    way: str
    median: float
    fastest: float
    slowest: float
    ratio: float
    apart: float | None


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
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [row for job in jobs(boxes, detections, seed) for row in measure(job, rounds)]
    finally:
        torch.set_num_threads(threads)
    if json_:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    cells = [
        (row.job, row.way, *(f"{1e3 * t:.1f} ms" for t in (row.median, row.fastest, row.slowest)),
         f"{row.ratio:.2f}×", "" if row.apart is None else f"{row.apart:.1e}")
        for row in rows
    ]  # fmt: skip
    names = ("what", "by", "median", "fastest", "slowest", "against ours", "from shapely")
    print(table(names, cells, right=names[2:]))


def jobs(boxes: int, detections: int, seed: int) -> list[Job]:
    """Return the two jobs over boxes that are drawn from a seed."""
    import torch
    from torchvision.ops import batched_nms, box_iou

    from zoo.detection.rotated_iou import hulls, rotated_iou, rotated_nms

    torch.manual_seed(seed)
    some, others = scattered(boxes), scattered(boxes)
    crowd = scattered(-(-detections // DETECTIONS)).repeat(DETECTIONS, 1)[:detections]
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
                "shapely in a loop": lambda: overlaps_in_a_loop(some, others),
            },
            lambda ours, theirs: float((ours - theirs).abs().max()),
        ),
        Job(
            f"NMS {detections:,}",
            {
                "zoo, rotated": lambda: rotated_nms(crowd, scores, labels, THRESHOLD),
                "torchvision, axis-aligned": lambda: batched_nms(many, scores, labels, THRESHOLD),
                "shapely in a loop": lambda: suppressed_in_a_loop(crowd, scores),
            },
            lambda ours, theirs: float(len(set(ours.tolist()) ^ set(theirs.tolist()))),
        ),
    ]


def scattered(count: int) -> "Tensor":
    """Boxes (N, 5), sides of 10 to 60 pixels, any angle, as dense as vehicles in a car park: each overlaps eight others."""
    import torch

    span = 25 * count**0.5
    return torch.rand(count, 5) * torch.tensor([span, span, 50, 50, 180]) + torch.tensor([0, 0, 10, 10, 0])


def measure(job: Job, rounds: int) -> list[Row]:
    """Time all ways in turns, after a turn that is not counted but compares their answers."""
    answers = {name: way() for name, way in job.ways.items()}
    ours, *_, theirs = job.ways
    apart = job.apart(answers[ours], answers[theirs])
    if apart > 1:
        raise ZooError(f"{job.name}: our answer is {apart:g} from shapely's; the times would compare different things")
    times: dict[str, list[float]] = {name: [] for name in job.ways}
    for _ in range(rounds):
        for name, way in job.ways.items():
            began = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - began)
    median = {name: statistics.median(taken) for name, taken in times.items()}
    return [
        Row(job.name, name, median[name], min(taken), max(taken), median[name] / median[ours],
            apart if name == ours else None)
        for name, taken in times.items()
    ]  # fmt: skip


def overlaps_in_a_loop(boxes: "Tensor", others: "Tensor") -> "Tensor":
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


def suppressed_in_a_loop(boxes: "Tensor", scores: "Tensor") -> "Tensor":
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
