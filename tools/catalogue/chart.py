"""Charts: what a result costs against what it is worth, as points with the frontier marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tools.catalogue import scale, words
from tools.catalogue.results import Result, frontier
from zoo.quantities import count, duration
from zoo.registry.measurements import less_is_better

#: Outlines around (0, 0), so that a series is told by its shape as well as by its colour.
SHAPES = (
    "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0Z",
    "M-5-5H5V5H-5Z",
    "M0-6.6L6.2 4.6H-6.2Z",
    "M0-7L6 0L0 7L-6 0Z",
    "M0 6.6L6.2-4.6H-6.2Z",
)
#: The style sheet has so many colours for series (Okabe and Ito, 2008, https://jfly.uni-koeln.de/color/).
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands along x: its title, how a result is placed and how a tick is written; `by_machine` where times differ."""

    title: str
    cost: Callable[[Result], float | None]
    tick: Callable[[float], str]
    scale: Callable[[Sequence[float], float, float, int], scale.Scale]
    by_machine: bool


SECONDS = Axis("time of the whole run", lambda one: one.block.seconds or None, duration, scale.of_times, True)
PARAMETERS = Axis("parameters", lambda one: one.card.parameters or None, count, scale.of, False)


@dataclass(frozen=True, slots=True)
class Point:
    """A result in its place. `spread` is the y of its lowest and highest seed; `label` is (x, y, anchor) or None."""

    result: Result
    cost: str
    x: float
    y: float
    spread: tuple[float, float] | None
    series: int
    leading: bool
    label: tuple[float, float, str] | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of comparable results, `width` × `height`; `lines` are the frontiers as SVG path data, with their series."""

    title: str
    axis: Axis
    metric: str
    less: bool
    width: int
    height: int
    xticks: Sequence[tuple[float, str]]
    yticks: Sequence[tuple[float, str]]
    points: Sequence[Point]
    lines: Sequence[tuple[int, str]]
    series: Sequence[str]
    missing: int


def draw(results: Sequence[Result], axis: Axis, width: int, height: int) -> Chart | None:
    """Draw comparable `results` over what they cost; None when none of them has a cost."""
    costs = {id(one): axis.cost(one) for one in results}
    shown = [one for one in results if costs[id(one)] is not None]
    if not shown:
        return None
    x = axis.scale([axis.cost(one) or 0 for one in shown], 52, width - 16, max(3, width // 85))
    heights = [value for one in shown for value in (one.block.value, *(one.block.spread or ()))]
    less = less_is_better(shown[0].metric)
    y = (scale.of if less else scale.of_scores)(heights, height - 46, 14, 6)  # errors may span decades
    machines = sorted({one.block.machine for one in shown}) if axis.by_machine else [""]
    leading, lines = _frontiers(shown, axis, machines, x, y)
    points = [_point(one, axis, machines, x, y) for one in shown]
    placed = _labelled([(point, id(point.result) in leading) for point in points], width)
    metric = shown[0].metric
    return Chart(
        title=f"{metric} on {shown[0].place} against {axis.title}",
        axis=axis,
        metric=metric,
        less=less,
        width=width,
        height=height,
        xticks=[(x(tick), axis.tick(tick)) for tick in x.ticks],
        yticks=[(y(tick), words.value(tick)) for tick in y.ticks],
        points=placed,
        lines=lines,
        series=machines,
        missing=len(results) - len(shown),
    )


def _series(one: Result, machines: Sequence[str]) -> int:
    return machines.index(one.block.machine) if one.block.machine in machines else 0


def _frontiers(
    shown: Sequence[Result], axis: Axis, machines: Sequence[str], x: scale.Scale, y: scale.Scale
) -> tuple[set[int], list[tuple[int, str]]]:
    """Return which results lead within their series, and the steps of each frontier."""
    leading: set[int] = set()
    lines = []
    ordered = sorted(shown, key=lambda one: _series(one, machines))
    for series, group in groupby(ordered, key=lambda one: _series(one, machines)):
        members = list(group)
        front = frontier((axis.cost(one) or 0, one.block.merit) for one in members)
        leading |= {id(one) for one in members if (axis.cost(one), one.block.merit) in front}
        places = [(x(cost), y(-merit if less_is_better(members[0].metric) else merit)) for cost, merit in front]
        path = f"M{places[0][0]:g} {places[0][1]:g}" + "".join(f"H{px:g}V{py:g}" for px, py in places[1:])
        lines.append((series, f"{path}H{x.end:g}"))
    return leading, lines


def _point(one: Result, axis: Axis, machines: Sequence[str], x: scale.Scale, y: scale.Scale) -> Point:
    cost = axis.cost(one) or 0
    spread = one.block.spread
    return Point(
        result=one,
        cost=axis.tick(cost),
        x=x(cost),
        y=y(one.block.value),
        spread=(y(spread[0]), y(spread[1])) if spread else None,
        series=_series(one, machines),
        leading=False,
        label=None,
    )


def _labelled(points: Sequence[tuple[Point, bool]], width: int) -> list[Point]:
    """Give each point its name where there is room: beside it, above or below; those that lead choose first."""
    taken = [(p.x - 7, p.y - 7, p.x + 7, p.y + 7) for p, _ in points]
    placed: dict[int, tuple[float, float, str]] = {}
    for i in sorted(range(len(points)), key=lambda i: not points[i][1]):
        point, leads = points[i]
        long = 7.1 * len(point.result.card.name)
        beside = [(10, 4, "start", 9), (-10, 4, "end", -9 - long)]
        apart = [(0, -12, "middle", -long / 2), (0, 20, "middle", -long / 2)]
        for dx, dy, anchor, left in apart + beside if leads else beside + apart:  # the frontier runs to the right
            box = (point.x + left - 2, point.y + dy - 11, point.x + left + long + 2, point.y + dy + 4)
            inside = box[0] >= 54 and box[2] <= width and box[1] >= 14
            if inside and not any(_overlap(box, other) for j, other in enumerate(taken) if j != i):
                taken.append(box)
                placed[i] = (round(point.x + dx, 1), round(point.y + dy, 1), anchor)
                break
    return [
        Point(p.result, p.cost, p.x, p.y, p.spread, p.series, leads, placed.get(i))
        for i, (p, leads) in enumerate(points)
    ]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
