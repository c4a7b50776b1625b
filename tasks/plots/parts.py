"""Which parts of the scenes are shown as the best and the worst: of different scenes first, and one of empty ground."""

from collections.abc import Sequence
from typing import NamedTuple

#: How many are shown side by side.
PARTS = 4


class Part(NamedTuple):
    """A part of a scene with its `rate`, where more is better, and how much is wrong on it: objects, or pixels."""

    scene: str
    rate: float
    wrong: int
    empty: bool
    x: int
    y: int
    width: int
    height: int

    @property
    def place(self) -> str:
        """Where it lies."""
        return f"{self.scene} at {self.x}, {self.y}"


def best_and_worst(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Return the parts to be shown by title, each the most telling first; of empty ground only such with false alarms.

    Among the worst, one is ground on which nothing is, if something was found on it.
    """
    about = [part for part in parts if not part.empty]
    empty = sorted((part for part in parts if part.empty and part.wrong), key=lambda part: -part.wrong)
    worst = varied(
        sorted((part for part in about if part.wrong), key=lambda part: (part.rate, -part.wrong)), PARTS - bool(empty)
    )
    known = {part.scene for part in worst}
    worst += sorted(empty, key=lambda part: part.scene in known)[:1]
    best = varied(sorted(about, key=lambda part: (-part.rate, part.wrong)), PARTS)
    return {title: those for title, those in (("worst", worst), ("best", best)) if those}


def varied(parts: Sequence[Part], count: int) -> list[Part]:
    """Return the first `count` parts, one of each scene before a second of any, in their order."""
    seen: dict[str, int] = {}
    turns = []
    for number, part in enumerate(parts):
        seen[part.scene] = turn = seen.get(part.scene, -1) + 1
        turns.append((turn, number))
    return [parts[number] for number in sorted(number for _, number in sorted(turns)[:count])]
