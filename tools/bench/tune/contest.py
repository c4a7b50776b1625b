"""The contest of `zoo tune`: rivals take on the fastest settings so far, one change at a time, until time is up.

What answers otherwise is refused before it is raced, and what won is raced against the usual settings once more, in turns: by
that race alone it is kept, and told.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: What is faster by less than this share may be so by chance.
GAIN = 0.03

Settings = Mapping[str, Any]


class Field(ABC):
    """What is tuned: the usual settings, what may be changed of them, and how two of them are compared."""

    usual: Settings

    @abstractmethod
    def rivals(self, best: Settings) -> Iterator[Settings]:
        """Yield the changes that may make `best` faster, the most promising first; asked again once one did."""

    @abstractmethod
    def refusal(self, settings: Settings) -> str:
        """Return why settings do not answer as the usual ones do; "" where they do."""

    @abstractmethod
    def race(self, one: Settings, two: Settings) -> tuple[float, float]:
        """Return how many samples a second go through by each of two settings, which take turns."""


@dataclass(frozen=True)
class Duel:
    """A change that was tried on settings: samples a second with it and without, or why it was not raced."""

    change: dict[str, Any]
    speed: float | None = None
    against: float | None = None
    refused: str = ""

    @property
    def won(self) -> bool:
        """Whether it is faster by more than chance."""
        return self.speed is not None and self.against is not None and self.speed > (1 + GAIN) * self.against


@dataclass
class Outcome:
    """What came out: the settings that are fastest, what was tried, what there was no time for, and the last race."""

    settings: dict[str, Any]
    duels: list[Duel] = field(default_factory=list)
    untried: list[dict[str, Any]] = field(default_factory=list)
    last: Duel | None = None

    @property
    def faster(self) -> bool:
        """Whether other settings than the usual ones won the last race."""
        return self.last is not None and self.last.won


def contest(entrants: Field, seconds: float, now: Callable[[], float]) -> Outcome:
    """Race the rivals for so many seconds, of which enough is left for the last race."""
    began, longest = now(), 0.0
    outcome = Outcome(dict(entrants.usual))
    tried: list[Settings] = [outcome.settings]
    while (change := following(entrants, outcome.settings, tried)) is not None:
        rival = {**outcome.settings, **change}
        tried += [change, rival]
        if now() - began + 2 * longest > seconds:
            outcome.untried.append(change)
            continue
        start = now()
        duel = fight(entrants, outcome.settings, rival, change)
        longest = max(longest, now() - start)
        outcome.duels.append(duel)
        outcome.settings = rival if duel.won else outcome.settings
    if outcome.settings != entrants.usual:
        usual, speed = entrants.race(entrants.usual, outcome.settings)
        changed = {key: one for key, one in outcome.settings.items() if entrants.usual.get(key) != one}
        outcome.last = Duel(changed, speed, usual)
    return outcome


def following(entrants: Field, best: Settings, tried: list[Settings]) -> dict[str, Any] | None:
    """Return the next change that was not tried, of those that give settings which were not either; None if there is none."""
    changes = (dict(change) for change in entrants.rivals(best) if change not in tried)
    return next((change for change in changes if {**best, **change} not in tried), None)


def fight(entrants: Field, best: Settings, rival: Settings, change: dict[str, Any]) -> Duel:
    """Race a rival against the best so far, unless it answers otherwise."""
    if why := entrants.refusal(rival):
        return Duel(change, refused=why)
    against, speed = entrants.race(best, rival)
    return Duel(change, speed, against)
