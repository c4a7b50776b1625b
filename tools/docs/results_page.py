"""The page of results: every measurement beside a card with its machine, of recipes and of comparisons of models."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import zoo
from zoo.quantities import duration
from zoo.registry.cards import Card
from zoo.registry.measurements import Measurement, comparisons, measurements

HEAD = (
    "# Results\n",
    "Written by `zoo docs` from the measurements beside the cards, which `zoo reproduce`, `zoo compare-models` and"
    " `zoo bench` write.",
    "Results are on data never trained on. A time is that of a whole run, test included; the machines differ.\n",
    "## Recipes\n",
)
COMPARISONS = (
    "\n## Comparisons\n",
    "Models under one budget, or as they come. One may be carried out on several machines: compare within one.\n",
)


def page() -> str:
    """Return the page as Markdown."""
    cards = zoo.cards()
    lines = [*HEAD, *table(("recipe", "model", "data"), [])]
    lines += [row((f"`{m.experiment}`", f"`{card.name}`", m.data), m) for card, m in results_of(cards, compared=False)]
    lines += COMPARISONS
    for name, group in groupby(results_of(cards, compared=True), key=lambda one: one[1].experiment):
        found = sorted(group, key=lambda one: (one[1].machine, -one[1].merit))
        command = comparisons(found[0][0].path.parent)[name]
        rows = [row((f"`{card.name}`",), m) for card, m in found]
        lines += [f"### {name}\n", f"`{command}`\n", *table(("model",), rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def results_of(cards: Mapping[str, Card], compared: bool) -> list[tuple[Card, Measurement]]:
    """Return what comparisons gave, or else what recipes gave, with the cards, sorted by experiment and model."""
    every = [(card, row) for card in cards.values() for row in measurements(card)]
    chosen = [one for one in every if (one[1].experiment in comparisons(one[0].path.parent)) is compared]
    return sorted(chosen, key=lambda one: (one[1].experiment, one[0].name))


def table(first: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Return a table of results with these first columns."""
    names = (*first, "result", "machine", "time")
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names), *rows]


def row(first: Sequence[str], m: Measurement) -> str:
    """Return a row of it."""
    return f"| {' | '.join((*first, result(m), m.machine, duration(m.seconds)))} |"


def result(m: Measurement) -> str:
    """Return what was measured in a cell."""
    low, high = m.spread or (m.value, m.value)
    seeds = f"{low:.3f}–{high:.3f}, {len(m.seeds)} runs" if len(m.seeds) > 1 else "1 run"
    if len(m.seeds) == 1 and low != high:
        seeds = f"mean of {low:.3f}–{high:.3f}"
    beside = "".join(f", {words.removeprefix('beside ').replace('test/', '')}" for words in m.beside)
    return f"{m.metric.removeprefix('test/')} {m.value:.3f} ({seeds}){beside}"
