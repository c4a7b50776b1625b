"""The zoo: models registered by their cards, built by name, checked against the data they are given.

>>> import zoo
>>> model = zoo.create("kestrel_nano", classes=1, bands=("red", "green", "blue"))
>>> predictor = zoo.load("runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00")  # doctest: +SKIP

Importing this package imports next to nothing; `create` and `load` import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.errors import ZooError
    from zoo.factory import create
    from zoo.inference.load import load
    from zoo.registry.cards import Card
    from zoo.registry.models import card, cards

__all__ = ["Card", "ZooError", "card", "cards", "create", "load"]

#: Where each public name is, imported when it is asked for, so that `zoo list` starts without pydantic.
PLACES = {
    "Card": "zoo.registry.cards",
    "ZooError": "zoo.errors",
    "card": "zoo.registry.models",
    "cards": "zoo.registry.models",
    "create": "zoo.factory",
    "load": "zoo.inference.load",
}


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    return getattr(import_module(PLACES[name]), name)
