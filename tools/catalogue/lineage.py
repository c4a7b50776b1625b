"""Lineage: from data sets over weights and the backbone to the model, and on to the recipes that train it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tools.catalogue.catalogue import Catalogue
from zoo.registry.cards import Card
from zoo.registry.models import TIMM

#: Kinds of nodes, ancestors first.
KINDS = ("data", "initial weights", "weights", "backbone", "model", "recipe")
#: More nodes of a kind than this are drawn as one that counts the rest.
MOST = 6


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the descent. `page` is the page it leads to, "" for none; `self_` marks the page's own model."""

    kind: str
    label: str
    page: str = ""
    self_: bool = False


@dataclass
class Graph:
    """Nodes in the order in which they were met, and edges from ancestor to descendant."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[Node, Node]] = field(default_factory=list)

    def add(self, ancestor: Node, descendant: Node) -> None:
        """Add an edge and its nodes."""
        for node in (ancestor, descendant):
            if node not in self.nodes:
                self.nodes.append(node)
        if (ancestor, descendant) not in self.edges:
            self.edges.append((ancestor, descendant))


def of(card: Card, catalogue: Catalogue) -> Graph:
    """Return the lineage of the model on `card`."""
    kind = "backbone" if card.task == "backbone" else "model"
    me = Node(kind, card.name, f"models/{card.name}.html", self_=True)
    graph = Graph([me])
    name = card.options.get("backbone")
    if isinstance(name, str):
        beneath = catalogue.cards.get(name)
        backbone = Node("backbone", name, f"models/{name}.html" if beneath else "")
        if beneath:
            _descend(graph, beneath, backbone, catalogue)
        elif name.startswith(TIMM):  # its card is made by timm, and reading it would import torch
            graph.add(Node("weights", f"{name} · timm's default"), backbone)
        graph.add(backbone, me)
    _descend(graph, card, me, catalogue)
    standing = _few(
        [Node("model", one.name, f"models/{one.name}.html") for one in catalogue.standing_on.get(card.name, ())],
        "model",
    )
    trained = [Node("recipe", one.name, f"recipes/{one.name}.html") for one in catalogue.recipes_of.get(card.name, ())]
    for node in [*standing, *_few(trained, "recipe")]:
        graph.add(me, node)
    return graph


def _descend(graph: Graph, card: Card, child: Node, catalogue: Catalogue) -> None:
    """Add the weights of `card`, and where they come from, above `child`."""
    for weights in card.weights[:MOST]:
        tag = Node("weights", f"{card.name} · {weights.tag}")
        if weights.initialised_from:
            known = weights.initialised_from in catalogue.cards
            page = f"models/{weights.initialised_from}.html" if known else ""
            graph.add(Node("initial weights", weights.initialised_from, page), tag)
        graph.add(Node("data", weights.trained_on), tag)
        graph.add(tag, child)
    if len(card.weights) > MOST:
        graph.add(Node("weights", f"and {len(card.weights) - MOST} more of {card.name}"), child)


def _few(nodes: Sequence[Node], kind: str) -> list[Node]:
    rest = len(nodes) - MOST
    return [*nodes[:MOST], Node(kind, f"and {rest} more")] if rest > 0 else list(nodes)


def sentences(graph: Graph) -> Iterable[str]:
    """Return the edges in words, for those who do not see the drawing."""
    return [f"{a.kind} {a.label} → {b.kind} {b.label}" for a, b in graph.edges]
