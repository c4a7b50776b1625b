"""The catalogue: cards, recipes and finished runs, gathered once, without torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.catalogue import results
from tools.catalogue.finished import Finished, newest
from tools.catalogue.recipe import Recipe, recipes
from zoo.registry import licences
from zoo.registry.cards import Card
from zoo.registry.models import cards
from zoo.registry.tasks import kinds


@dataclass(frozen=True)
class Catalogue:
    """All that the pages say. Mappings are by registered name, sorted."""

    cards: Mapping[str, Card]
    recipes: Mapping[str, Recipe]
    runs_of_models: Mapping[str, Finished]
    runs_of_recipes: Mapping[str, Finished]

    @cached_property
    def tasks(self) -> list[str]:
        """The tasks that have a model, sorted, and last what solves none by itself."""
        there = {card.task for card in self.cards.values()}
        return [task for task in kinds() if task in there]

    @cached_property
    def by_task(self) -> Mapping[str, Sequence[Card]]:
        """The cards of each task."""
        return {task: [card for card in self.cards.values() if card.task == task] for task in self.tasks}

    @cached_property
    def use(self) -> Mapping[str, licences.Use]:
        """What the licences of each card allow together."""
        return {name: licences.use(card.licences) for name, card in self.cards.items()}

    @cached_property
    def headlines(self) -> Mapping[str, tuple[results.Result, int]]:
        """The result to show first of each measured model, and its rank."""
        return results.headlines(self.cards.values())

    @cached_property
    def recipes_of(self) -> Mapping[str, Sequence[Recipe]]:
        """The recipes that train each model."""
        found: dict[str, list[Recipe]] = {}
        for recipe in self.recipes.values():
            found.setdefault(recipe.model, []).append(recipe)
        return found

    @cached_property
    def standing_on(self) -> Mapping[str, Sequence[Card]]:
        """The models that take each backbone when nothing else is said."""
        found: dict[str, list[Card]] = {}
        for card in self.cards.values():
            if isinstance(backbone := card.options.get("backbone"), str):
                found.setdefault(backbone, []).append(card)
        return found

    @cached_property
    def measured_by(self) -> Mapping[str, Sequence[results.Result]]:
        """The results that each recipe gave."""
        found: dict[str, list[results.Result]] = {}
        for one in results.of(self.cards.values()):
            found.setdefault(one.block.experiment, []).append(one)
        return found


def load(runs: Path | None) -> Catalogue:
    """Gather all cards of the card roots, all recipes, and from the folder `runs` the newest finished run of each."""
    known, book = cards(), recipes()
    of_models, of_recipes = newest(runs, known, book) if runs else ({}, {})
    return Catalogue(known, book, of_models, of_recipes)
