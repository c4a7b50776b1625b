"""Recipes as the pages show them: what the book of recipes says, and the lines that differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from configuration.groups import data_for
from tools.registry import recipes as recipe_book
from zoo.errors import ZooError
from zoo.registry.tasks import names
from zoo.registry.tasks import task as record_of


@dataclass(frozen=True)
class Recipe:
    """A named run. `header` holds paper, command, minutes, expected …; `settings` are the keys that differ, dotted."""

    name: str
    what: str
    header: Mapping[str, str]
    task: str
    data: str
    model: str
    settings: Mapping[str, Any]
    delta: str

    @property
    def command(self) -> str:
        """The command line that runs it."""
        return self.header.get("command", f"python train.py recipes={self.name}")

    def composes(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a run's composed configuration is that of this recipe, whatever its seed."""
        kept = dict(flat(config))
        named = {"task.name": self.task, "data.name": self.data, "model.name": self.model}
        return all(kept.get(key) == value for key, value in {**named, **self.settings}.items() if key != "seed")


def recipes() -> dict[str, Recipe]:
    """Return all recipes of this project and of the card roots, by name, sorted."""
    return {name: of(entry) for name, entry in recipe_book.recipes().items()}


def of(entry: recipe_book.Recipe) -> Recipe:
    """Add what a recipe changes, and the model that is taken where it names none, to its entry in the book."""
    _, start, rest = f"\n{entry.text}".partition("\ndefaults:")
    delta = (start + rest).lstrip("\n")
    try:
        content = yaml.safe_load(entry.text) or {}
    except yaml.YAMLError as error:
        raise ZooError(f"recipe {entry.path} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ZooError(f"recipe {entry.path} holds a {type(content).__name__}, not a mapping")
    content.pop("defaults", None)
    return Recipe(
        name=entry.name,
        what=entry.what,
        header=entry.facts,
        task=entry.task,
        data=entry.data,
        model=_default_model(entry.task) if entry.model == "default" else entry.model,
        settings=dict(flat(content)),
        delta=delta,
    )


def _default_model(task: str) -> str:
    """Return the model that `task` takes when none is named; "" of a task that is not known."""
    return record_of(task).model if task in names() else ""


def serving(task: str) -> list[str]:
    """Return the data that serve `task`, by name; a folder of one's own first."""
    return sorted(data_for(task), key=lambda name: name != "folder")


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested mappings under dotted keys."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
