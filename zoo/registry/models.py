"""The registry: a model exists because a card `<name>.md` lies in one of the card roots.

There is no decorator and no import side effect. Cards are read when they are asked for, and the code that a card names
is imported only when the model is built. Every backbone of timm is there too, as `timm/<name>[.<tag>]`.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.errors import ZooError, near
from zoo.registry.card_roots import CardFile, card_files, own_root
from zoo.registry.cards import Card, read_named
from zoo.registry.tasks import BACKBONE, tasks

TIMM = "timm/"
#: What a backbone of timm adapts to as the whole model of a task.
LAST_LAYER = {"classes": "any number, by a new last layer"}


def cards() -> Mapping[str, Card]:
    """Return all cards of the card roots by registered name, sorted; without those that are made from timm."""
    return {name: _read(file) for name, (_, file) in sorted(card_files().items())}


def card(name: str, task: str | None = None) -> Card:
    """Return the card of the model `name`; with `task`, it must solve that task. `timm/…` imports timm."""
    found = _timm(name, task) if name.startswith(TIMM) else _listed(name, task)
    if task not in (None, found.task):
        raise ZooError(
            f"model {name!r} is for task {found.task}, not {task}; `zoo list --task {task}` lists those that fit"
        )
    return found


def _listed(name: str, task: str | None) -> Card:
    known = card_files()
    if name in known:
        return _read(known[name][1])
    fitting = [other for other, entry in cards().items() if task in (None, entry.task)] if task else list(known)
    where = f" for task {task}" if task else ""
    command = f"zoo list --task {task}" if task else "zoo list"
    raise ZooError(f"no model {name!r}{where}{near(name, fitting)}; `{command}` lists them")


@functools.cache
def _read(file: CardFile) -> Card:
    return read_named(Path(file.path))


@functools.cache
def _timm(name: str, task: str | None) -> Card:
    from zoo.registry.timm_cards import card_of

    found = card_of(name.removeprefix(TIMM))
    solves = task is not None and task in (known := tasks()) and known[task].takes_timm
    return found.model_copy(update={"task": task, "adapts": {**found.adapts, **LAST_LAYER}}) if solves else found


def trained_for(entry: Card) -> str:
    """Return the task that a model is trained for; of a backbone the first task whose usual model takes one."""
    if entry.task != BACKBONE:
        return entry.task
    return next(name for name, record in tasks().items() if "backbone" in card(record.model).options)


def builder(entry: Card) -> Any:
    """Import the function that the card's `build` names."""
    return load(entry, entry.build)


def load(entry: Card, target: str) -> Any:
    """Import what a card names as `module:function`. A card that does not lie in a card root is data: it names no code."""
    root = own_root() if entry.name.startswith(TIMM) else card_files().get(entry.name, (None,))[0]
    registered = card(entry.name) if root else None
    if root is None or registered is None or (registered.path, registered.build) != (entry.path, entry.build):
        raise ZooError(
            f"card {entry.path} is not registered, so its build {entry.build!r} is not imported; models are built by name:"
            " zoo.create(NAME), and folders in ZOO_PATH add names"
        )
    return root.load(target)
