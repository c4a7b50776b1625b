"""`zoo recipes`: tested combinations of data and model, each one flat YAML file whose header says what it is worth.

The header is made of the comments at the top: a sentence that says what it is, then `# key: value` lines, of which
`minutes` and `expected` are written by `zoo reproduce`. Below it is only what differs from the defaults.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.terminal.columns import clean, table, terminal
from zoo.errors import ZooError, near
from zoo.registry import front_matter
from zoo.registry.card_roots import recipe_files

KEY = re.compile(r"# ?([a-z]+): (.+)")
CHOICE = re.compile(r"override /(task|data|model): *(\S+)")
#: A recipe that another one begins with, in its defaults.
BASE = re.compile(r"^  - (?!_self_)(\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Recipe:
    """A recipe: its name, what it is, the facts of its header, and the task, data and model that it names."""

    name: str
    path: str
    what: str
    facts: Mapping[str, str]
    task: str
    data: str
    model: str
    text: str


def command(
    task: Annotated[str | None, typer.Option(help="only of this task")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """List the recipes with their measured results.

    Example: `zoo recipes`, then `zoo recipes show satellite_trees`
    """
    found = [recipe for recipe in recipes().values() if task in (None, recipe.task)]
    if json_:
        print(json.dumps([asdict(recipe) for recipe in found], indent=2, ensure_ascii=False))
        return
    if not found:
        raise ZooError(f"no recipe is for task {task!r}; `zoo recipes` lists all")
    rows = [(r.name, r.task, r.data, short(r.facts.get("expected")), r.what) for r in found]
    print(table(("name", "task", "data", "measured", "what it is"), rows, width=terminal()))
    print(f"\nnext: python train.py recipes={found[0].name}, or zoo recipes show {found[0].name}")


def show(
    name: Annotated[str, typer.Argument(help="a recipe")],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Show a recipe: what it is, its facts, and the lines that differ from the defaults.

    Example: `zoo recipes show satellite_trees`
    """
    recipe = find(name)
    if json_:
        print(json.dumps(asdict(recipe), indent=2, ensure_ascii=False))
        return
    facts = {**recipe.facts, "file": recipe.path}
    if "expected" not in facts:
        facts["expected"] = f"not measured yet: `zoo reproduce {name}`"
    print(clean(recipe.what), "\n")
    print(table(("", ""), list(facts.items()), width=terminal()).partition("\n")[2])
    print("\n" + clean(recipe.text.partition("\ndefaults:")[1].lstrip() + recipe.text.partition("\ndefaults:")[2]))
    print(f"next: {facts.get('command', f'python train.py recipes={name}')}")


def find(name: str) -> Recipe:
    """Return the recipe `name`."""
    known = recipes()
    if name not in known:
        raise ZooError(f"no recipe {name!r}{near(name, known)}; `zoo recipes` lists them")
    return known[name]


def recipes() -> dict[str, Recipe]:
    """Return all recipes by name: ours, and those in the folder `recipes` of every other card root."""
    return {name: read(path) for name, path in sorted(recipe_files().items())}


def read(path: Path) -> Recipe:
    """Read a recipe's header and its choices."""
    text = front_matter.load(path)
    comments = [line for line in text.partition("\ndefaults:")[0].splitlines() if line.startswith("#")]
    said = [line for line in comments if "@package" not in line]
    facts = {match[1]: match[2] for line in said if (match := KEY.fullmatch(line))}
    what = " ".join(line.lstrip("# ") for line in said if not KEY.fullmatch(line))
    choice: dict[str, Any] = dict.fromkeys(("task", "data", "model"), "default") | choices(path, text)
    return Recipe(path.stem, str(path), what, facts, **choice, text=text)


def choices(path: Path, text: str, above: frozenset[Path] = frozenset()) -> dict[str, str]:
    """Return what a recipe chooses of task, data and model, or the recipe beside it that it begins with."""
    chosen: dict[str, str] = {}
    for name in BASE.findall(text):
        base = path.with_name(f"{name}.yaml")
        if base.is_file() and base not in above | {path}:
            chosen |= choices(base, front_matter.load(base), above | {path})
    return chosen | dict(CHOICE.findall(text))


def short(expected: str | None) -> str:
    """Return metric and value of a header's `expected`; – before it was measured."""
    return " ".join(expected.split()[:2]).rstrip(",") if expected else "–"
