"""Which parts of the scenes are shown as the best and the worst: of different scenes first, and one of empty ground."""

from collections.abc import Sequence
from typing import NamedTuple

#: How many are shown side by side.
PARTS = 4
#: Which share of a part may be seen in another that is shown: the last tiles of a scene lie over those before them.
SHARED = 0.25


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

    def shared(self, other: "Part") -> float:
        """Return the share of this part that another one of its scene shows too."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0, width) * max(0, height) / (self.width * self.height)


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
    """Return the first `count` parts, one of each scene before a second of any, in their order; none shows another again."""
    seen: dict[str, list[Part]] = {}
    turns = []
    for number, part in enumerate(parts):
        before = seen.setdefault(part.scene, [])
        if all(part.shared(other) <= SHARED for other in before):
            turns.append((len(before), number))
            before.append(part)
    return [parts[number] for number in sorted(number for _, number in sorted(turns)[:count])]
