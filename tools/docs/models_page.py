"""The page of models: a table for each task, read off the cards."""

from collections.abc import Iterator

import zoo
from zoo.quantities import count
from zoo.registry import tasks
from zoo.registry.tasks import BACKBONE

HEAD = """# Models

Written by `zoo docs` from the cards. `zoo show NAME` prints a card: paper, code that it follows, what it was designed for, what
it is not for, licences, weights with sources and checksums. `zoo list` filters, `zoo search WORDS` finds.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join((HEAD, *(line for kind in tasks.kinds() for line in section(kind)))).rstrip() + "\n"


def section(kind: str) -> Iterator[str]:
    """Yield the models of a task, or the parts of models that solve none by themselves."""
    cards = [card for card in zoo.cards().values() if card.task == kind]
    summary = "Trunks on which models of other tasks stand." if kind == BACKBONE else tasks.task(kind).summary
    yield from (f"## {kind.capitalize()}\n", f"{summary}\n")
    yield from ("| model | parameters | weights | licence of code | what it is |", "|---|---|---|---|---|")
    for card in cards:
        weights = ", ".join(f"`{tag}`" for tag in dict.fromkeys(one.tag for one in card.weights))
        size = "" if card.parameters is None else count(card.parameters)
        yield f"| `{card.name}` | {size} | {weights} | {card.licences.code} | {card.summary} |"
    yield ""
