"""How large the options of a model may be, whoever sets them: a command line, a card or the head of weights."""

from collections.abc import Mapping
from typing import Any

from zoo.errors import ZooError
from zoo.registry.cards import Card

#: An option may be so many times what the card says: a model of 10⁷ layers is not even built without memory in an hour.
MOST_TIMES = 100


def check_modest(entry: Card, options: Mapping[str, Any], where: str) -> None:
    """Refuse options that would make a model much larger than its card says; `where` is what comes before their names."""
    for name, value in options.items():
        default = entry.options[name]
        numbers, known = numbers_in(value), numbers_in(default)
        if known and any(abs(number) > MOST_TIMES * max(1, *map(abs, known)) for number in numbers):
            raise ZooError(
                f"{where}{name}={value} is far from {default}, which {entry.name} has; "
                f"at most {MOST_TIMES} times as much is built"
            )


def numbers_in(value: Any) -> list[float]:
    """Return the numbers of an option: itself, or those in its list."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in items if isinstance(item, (int, float)) and not isinstance(item, bool)]
