"""Boxes: where the nodes of a lineage stand in a drawing, and how the edges run between them."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from tools.catalogue.lineage import KINDS, Graph, Node

#: The columns of the wide drawing, from left to right, by the kinds in them.
COLUMNS = (("data", "initial weights"), ("weights",), ("backbone",), ("model",), ("recipe",))
#: Of a box in the wide drawing: width, space to the next column, height, height with the space below.
WIDTH, GAP, HEIGHT, ROW = 178.0, 44.0, 56.0, 72.0


@dataclass(frozen=True, slots=True)
class Box:
    """A node with its place, and its label in lines; units of the drawing."""

    node: Node
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of a lineage, `width` × `height`; `paths` are the edges as SVG path data."""

    width: float
    height: float
    boxes: Sequence[Box]
    paths: Sequence[str]


def wide(graph: Graph) -> Drawing:
    """Draw the lineage from left to right, in columns; each stands at the height of what it descends from."""
    kept = [[node for node in graph.nodes if node.kind in kinds] for kinds in COLUMNS]
    columns = [sorted(column, key=lambda node: KINDS.index(node.kind)) for column in kept if column]
    tallest = max(map(len, columns)) * ROW
    boxes: dict[Node, Box] = {}
    for i, column in enumerate(columns):
        parents = [boxes[a].y + HEIGHT / 2 for a, b in graph.edges if b in column and a in boxes]
        middle = sum(parents) / len(parents) if parents and len(column) * ROW < tallest else tallest / 2
        top = min(max(middle - len(column) * ROW / 2, 0), tallest - len(column) * ROW) + (ROW - HEIGHT) / 2
        for j, node in enumerate(column):
            boxes[node] = Box(node, _lines(node, 23), 1 + i * (WIDTH + GAP), 1 + round(top + j * ROW, 1), WIDTH, HEIGHT)
    width = len(columns) * (WIDTH + GAP) - GAP + 2
    return Drawing(width, tallest + 2, list(boxes.values()), [_across(boxes[a], boxes[b]) for a, b in graph.edges])


def narrow(graph: Graph) -> Drawing:
    """Draw the nodes below one another, with the edges as arcs at the left."""
    left, width, row, height = 46.0, 272.0, 66.0, 54.0
    nodes = [node for kind in KINDS for node in graph.nodes if node.kind == kind]
    boxes = {node: Box(node, _lines(node, 36), left, 1 + i * row, width, height) for i, node in enumerate(nodes)}
    paths = [_beside(boxes[a], boxes[b]) for a, b in graph.edges]
    return Drawing(left + width + 1, len(nodes) * row - (row - height) + 2, list(boxes.values()), paths)


def _lines(node: Node, characters: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(node.label, characters, max_lines=2, placeholder=" …")) or ("",)


def _across(a: Box, b: Box) -> str:
    """Return a line from the right of `a` to the left of `b`: level past the columns between them, then a curve."""
    x, y, to_x, to_y = a.x + a.width, a.y + a.height / 2, b.x - 5, b.y + b.height / 2
    turn = b.x - GAP
    bend = turn + (to_x - turn) / 2
    return f"M{x:g} {y:g}H{turn:g}C{bend:g} {y:g} {bend:g} {to_y:g} {to_x:g} {to_y:g}"


def _beside(a: Box, b: Box) -> str:
    """Return an arc from the left of `a` down to the left of `b`; the farther, the wider."""
    x, y, to_x, to_y = a.x, a.y + a.height * 0.65, b.x - 5, b.y + b.height * 0.35
    out = x - min(14 + (to_y - y) / 9, 44)
    return f"M{x:g} {y:g}C{out:g} {y:g} {out:g} {to_y:g} {to_x:g} {to_y:g}"
