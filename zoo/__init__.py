"""The zoo: models registered by their cards, built by name, checked against the data they are given.

>>> import zoo
>>> model = zoo.create("kestrel_nano", classes=1, bands=("red", "green", "blue"))

Importing this package imports next to nothing; `create` imports torch.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError

if TYPE_CHECKING:
    from zoo.cards import Card
    from zoo.registry import card, cards, create

__all__ = ["Card", "ZooError", "card", "cards", "create"]


class _Lazy(ModuleType):
    """A module whose functions are imported when they are asked for, so that `zoo list` starts without pydantic."""

    @property
    def cards(self) -> Any:
        """`zoo.registry.cards`; importing the module zoo.cards does not hide it."""
        return import_module("zoo.registry").cards

    @cards.setter
    def cards(self, module: ModuleType) -> None:
        """Leave the name to the function: Python sets each imported submodule as an attribute of its package."""

    def __getattr__(self, name: str) -> Any:
        if name in ("card", "create"):
            return getattr(import_module("zoo.registry"), name)
        if name == "Card":
            return import_module("zoo.cards").Card
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")


sys.modules[__name__].__class__ = _Lazy
