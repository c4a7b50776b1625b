"""The registry: a model exists because a card `zoo/<task>/<name>.md` exists.

There is no decorator and no import side effect. The heads of the cards are read when they are asked for, and the code
that a head names is imported only when the model is built.
"""

import functools
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cards import Card, read
from zoo.errors import ZooError, near

if TYPE_CHECKING:
    from torch import nn

ROOT = Path(__file__).parent


@functools.cache
def cards() -> Mapping[str, Card]:
    """Return all cards by registered name, sorted."""
    found: dict[str, Card] = {}
    for path in sorted(ROOT.glob("*/*.md")):
        entry = read(path)
        if entry.name != path.stem:
            raise ZooError(f"card {path} calls itself {entry.name!r}; a card is named as its file")
        if entry.name in found:
            raise ZooError(f"two cards are named {entry.name!r}: {found[entry.name].path} and {path}")
        found[entry.name] = entry
    return dict(sorted(found.items()))


def card(name: str, task: str | None = None) -> Card:
    """Return the card of the model `name`; with `task`, it must solve that task."""
    known = {n: c for n, c in cards().items() if task in (None, c.task)}
    if name in known:
        return known[name]
    if name in cards():
        raise ZooError(
            f"model {name!r} is for task {cards()[name].task}, not {task}; `zoo list --task {task}` lists those that fit"
        )
    where = f" for task {task}" if task else ""
    command = f"zoo list --task {task}" if task else "zoo list"
    raise ZooError(f"no model {name!r}{where}{near(name, known)}; `{command}` lists them")


def create(
    name: str,
    *,
    classes: int,
    bands: Sequence[str] = ("red", "green", "blue"),
    pretrained: bool | str = False,
    **options: Any,
) -> "nn.Module":
    """Build the model `name` for `classes` classes and the named `bands`.

    `pretrained=True` loads the first weights that the card lists (a string names a tag) and, where the model stands on
    a backbone, the backbone's. `options` are those that the card lists; others are refused. What was loaded, and from
    where, is in the model's attribute `provenance`.
    """
    from zoo.weights import load_pretrained  # torch is imported here and not before

    entry = card(name)
    unknown = sorted(set(options) - set(entry.options))
    if unknown:
        names = ", ".join(entry.options) or "none"
        raise ZooError(f"model {name!r} has no option {unknown[0]!r}{near(unknown[0], entry.options)}; it has {names}")
    settings = {**entry.options, **options}
    provenance: tuple[Any, ...] = ()
    if isinstance(settings.get("backbone"), str):
        backbone = create(settings["backbone"], classes=0, bands=bands, pretrained=pretrained)
        settings["backbone"], provenance = backbone, backbone.provenance
    model: nn.Module = builder(entry)(classes=classes, bands=len(bands), **settings)
    if pretrained and (entry.weights or not provenance):
        provenance += (load_pretrained(model, entry, bands, None if pretrained is True else pretrained),)
    model.provenance = provenance
    return model


def builder(entry: Card) -> Any:
    """Import the function that the card's `build` names; only cards of the registry name code."""
    module, function = entry.build.split(":")
    return getattr(import_module(module), function)
