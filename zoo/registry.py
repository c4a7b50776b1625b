"""The registry: a model exists because a card `<name>.md` lies on one of the shelves.

There is no decorator and no import side effect. Cards are read when they are asked for, and the code that a card names
is imported only when the model is built. Every backbone of timm is there too, as `timm/<name>[.<tag>]`.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cards import Card, read_named
from zoo.errors import ZooError, near
from zoo.shelves import Listed, listed, own

if TYPE_CHECKING:
    from torch import nn

    from zoo.profile import Profile

TIMM = "timm/"


def cards() -> Mapping[str, Card]:
    """Return all cards of the shelves by registered name, sorted; without those that are made from timm."""
    return {name: _read(file) for name, (_, file) in sorted(listed().items())}


def card(name: str, task: str | None = None) -> Card:
    """Return the card of the model `name`; with `task`, it must solve that task. `timm/…` imports timm."""
    found = _timm(name) if name.startswith(TIMM) else _listed(name, task)
    if task not in (None, found.task):
        raise ZooError(
            f"model {name!r} is for task {found.task}, not {task}; `zoo list --task {task}` lists those that fit"
        )
    return found


def _listed(name: str, task: str | None) -> Card:
    known = listed()
    if name in known:
        return _read(known[name][1])
    fitting = [other for other, entry in cards().items() if task in (None, entry.task)] if task else list(known)
    where = f" for task {task}" if task else ""
    command = f"zoo list --task {task}" if task else "zoo list"
    raise ZooError(f"no model {name!r}{where}{near(name, fitting)}; `{command}` lists them")


@functools.cache
def _read(file: Listed) -> Card:
    return read_named(Path(file.path))


@functools.cache
def _timm(name: str) -> Card:
    from zoo.timm_cards import card_of

    return card_of(name.removeprefix(TIMM))


def create(
    name: str,
    *,
    classes: int,
    bands: Sequence[str] = ("red", "green", "blue"),
    pretrained: bool | str = False,
    **options: Any,
) -> "nn.Module":
    """Build the model `name` for `classes` classes and the named `bands`.

    `pretrained=True` loads the first weights that the card lists (a string names a tag) or, where the model has none for
    its backbone, the backbone's. `options` are those that the card lists; others are refused. What was loaded, and from
    where, is in the model's attribute `provenance`.
    """
    from zoo.weights import load_pretrained  # torch is imported here and not before

    entry = card(name)
    unknown = sorted(set(options) - set(entry.options))
    if unknown:
        names = ", ".join(entry.options) or "none"
        raise ZooError(f"model {name!r} has no option {unknown[0]!r}{near(unknown[0], entry.options)}; it has {names}")
    settings = {**entry.options, **options}
    provenance: Any = ()
    tag = pretrained if isinstance(pretrained, str) else None
    whole = entry.begins_whole(tag, settings)
    named = isinstance(settings.get("backbone"), str)
    if named:
        known = not whole and bool(card(settings["backbone"], "backbone").weights)  # some begin at random, as PVANET's
        backbone = create(settings["backbone"], classes=0, bands=bands, pretrained=pretrained if known else False)
        settings["backbone"], provenance = backbone, backbone.provenance
    model: Any = builder(entry)(classes=classes, bands=len(bands), **settings)
    if pretrained and (whole or not named):
        provenance += (load_pretrained(model, entry, bands, tag),)
    model.provenance = provenance
    return model


def fit_options(entry: Card, options: Mapping[str, Any], profile: "Profile") -> dict[str, Any]:
    """Return the options of a model with those that ask for it fitted to the data of a profile; see `Card.fitted`."""
    settings = {**entry.options, **options}
    fitting = {name: load(entry, target)(settings[name], settings, profile) for name, target in entry.fitted.items()}
    return {name: fitting.get(name, value) for name, value in options.items()}


def builder(entry: Card) -> Any:
    """Import the function that the card's `build` names."""
    return load(entry, entry.build)


def load(entry: Card, target: str) -> Any:
    """Import what a card names as `module:function`. A card that does not lie on a shelf is data: it names no code."""
    shelves = {name: shelf for name, (shelf, _) in listed().items()}
    shelf = own() if entry.name.startswith(TIMM) else shelves.get(entry.name)
    registered = card(entry.name) if shelf else None
    if shelf is None or registered is None or (registered.path, registered.build) != (entry.path, entry.build):
        raise ZooError(
            f"card {entry.path} is not registered, so its build {entry.build!r} is not imported; models are built by name:"
            " zoo.create(NAME), and folders in ZOO_PATH add names"
        )
    return shelf.load(target)
