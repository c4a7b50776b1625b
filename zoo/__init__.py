"""The zoo: models registered by their cards, built by name, checked against the data they are given.

>>> import zoo
>>> model = zoo.create("kestrel_nano", classes=1, bands=("red", "green", "blue"))

Importing this package does not import torch; `create` does.
"""

from zoo.cards import Card
from zoo.errors import ZooError
from zoo.registry import card, cards, create

__all__ = ["Card", "ZooError", "card", "cards", "create"]
