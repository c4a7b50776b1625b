"""`zoo search`: models and recipes by words, over the whole text of their cards; a slip of the finger is forgiven."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from tools.registry.recipes import Recipe, recipes
from tools.terminal.columns import table, terminal
from zoo.registry.index import Entry, load

WORD = re.compile(r"[^\W_]+")
#: How much a hit counts by where it is.
NAME, HEAD, TEXT = 8.0, 3.0, 1.0
#: A part of a word and a misspelt word count this much of a whole one.
PART, NEAR = 0.6, 0.4
#: How alike a misspelt word must be: one slip in five letters, two in nine.
ALIKE = 0.75


class Found(NamedTuple):
    """Something that can be found: its name, what it is, and its words by the weight of where they stand."""

    name: str
    kind: str
    summary: str
    words: Mapping[str, float]


def command(
    words: Annotated[list[str], typer.Argument(help="what to look for, such as: small objects satellite")],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Search models and recipes by words; the best match comes first.

    Example: `zoo search small objects`
    """
    things = [*map(of_model, load().entries.values()), *map(of_recipe, recipes().values())]
    ranked = search(things, [word for text in words for word in split(text)])
    if json_:
        print(json.dumps([{"name": t.name, "kind": t.kind, "summary": t.summary} for t in ranked], indent=2))
    elif ranked:
        print(table(("name", "kind", "what it is"), [(t.name, t.kind, t.summary) for t in ranked], width=terminal()))
        shown = "zoo recipes show" if ranked[0].kind == "recipe" else "zoo show"
        print(f"\nnext: {shown} {ranked[0].name}")
    else:
        print(f"nothing is about {' '.join(words)}; `zoo list` shows all models, `zoo recipes` all recipes")
        raise typer.Exit(1)


def split(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return WORD.findall(text.lower())


def weighted(*parts: tuple[str, float]) -> dict[str, float]:
    """Return the words of several texts, each with the largest weight of the texts that it is in."""
    found: dict[str, float] = {}
    for text, weight in parts:
        for word in split(text):
            found[word] = max(weight, found.get(word, 0.0))
    return found


def of_model(entry: Entry) -> Found:
    """Return a model by its name, what the list says of it, and the text of its card."""
    text = Path(entry.path).read_text(encoding="utf-8", errors="replace")
    head = " ".join((entry.summary, entry.task, *entry.domains))
    return Found(entry.name, entry.task, entry.summary, weighted((entry.name, NAME), (head, HEAD), (text, TEXT)))


def of_recipe(recipe: Recipe) -> Found:
    """Return a recipe by its name and its header."""
    words = weighted((recipe.name, NAME), (recipe.what, HEAD), (recipe.text, TEXT))
    return Found(recipe.name, "recipe", recipe.what, words)


def search(things: Sequence[Found], words: Sequence[str]) -> list[Found]:
    """Return what matches all of the words, best first; when nothing matches all, what matches any."""
    vocabulary = sorted({word for thing in things for word in thing.words})
    meant = [close(word, vocabulary) for word in words]
    scored = [([score(thing.words, near) for near in meant], thing) for thing in things]
    whole = [(sum(found), thing) for found, thing in scored if found and all(found)]
    chosen = whole or [(sum(found), thing) for found, thing in scored if any(found)]
    return [thing for _, thing in sorted(chosen, key=lambda pair: (-pair[0], pair[1].name))]


def close(word: str, vocabulary: Iterable[str]) -> dict[str, float]:
    """Return the words that `word` may mean, each with how sure that is: itself, longer ones, and misspelt ones."""
    found = {other: PART for other in vocabulary if len(word) > 2 and word in other}
    if not found:
        found = dict.fromkeys(get_close_matches(word, vocabulary, n=5, cutoff=ALIKE), NEAR)
    return found | ({word: 1.0} if word in vocabulary else {})


def score(words: Mapping[str, float], meant: Mapping[str, float]) -> float:
    """Return how well the words of a thing match one word of the query."""
    return max((words[word] * sure for word, sure in meant.items() if word in words), default=0.0)
