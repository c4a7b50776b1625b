"""The catalogue of objects: families, their types and paints, and how they are counted as classes.

With 5 classes a class is a family. With more, families are divided evenly: into types while those last, then into types
of one paint each. Of a divided family only what has a class of its own is built, so no object is without a name.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from zoo.errors import ZooError


class Kind(NamedTuple):
    """A type of a family: least and greatest length, metres, width to length, height, metres, and how common it is."""

    name: str
    shortest: float
    longest: float
    ratio: float
    height: float
    common: float = 1.0


#: Vehicles and ships are those of roads and harbours, aircraft those of general aviation: 12 to 60 px at 0.3 m.
FAMILIES = {
    "ship": (
        Kind("sailing", 8, 13, 0.30, 1.5, 2),
        Kind("motor", 8, 14, 0.32, 2.2, 3),
        Kind("trawler", 10, 16, 0.33, 3.0),
        Kind("ferry", 14, 18, 0.30, 4.5),
        Kind("barge", 14, 18, 0.26, 1.8),
    ),
    "vehicle": (
        Kind("car", 4.1, 4.9, 0.42, 1.5, 6),
        Kind("van", 5.0, 6.0, 0.40, 2.3, 2),
        Kind("pickup", 5.0, 5.8, 0.38, 1.8),
        Kind("truck", 8.0, 12.0, 0.25, 3.4),
        Kind("bus", 10.5, 12.5, 0.23, 3.2, 0.5),
    ),
    "aircraft": (
        Kind("jet", 14, 18, 0.95, 2.6, 2),
        Kind("propeller", 8, 10, 1.25, 2.0, 3),
        Kind("delta", 12, 15, 0.65, 2.2),
        Kind("twin", 11, 14, 1.15, 2.4, 2),
        Kind("glider", 7, 8, 2.1, 1.4),
    ),
    "building": (
        Kind("gable", 8, 17, 0.68, 6, 3),
        Kind("hip", 8, 16, 0.74, 6, 2),
        Kind("flat", 9, 18, 0.70, 7, 2),
        Kind("sawtooth", 14, 18, 0.66, 7),
        Kind("courtyard", 15, 18, 0.86, 10),
    ),
    "storage_tank": (
        Kind("cone", 6, 16, 1, 6, 2),
        Kind("floating", 8, 16, 1, 6, 2),
        Kind("dome", 6, 14, 1, 7),
        Kind("ringed", 7, 15, 1, 5),
        Kind("sphere", 6, 10, 1, 8),
    ),
}
NAMES = tuple(FAMILIES)
SHIP, VEHICLE, AIRCRAFT, BUILDING, TANK = range(len(FAMILIES))
PAINTS = ("white", "grey", "red", "blue", "black", "green", "camouflage", "foil")
TYPES = 5
MOST = len(FAMILIES) * TYPES * len(PAINTS)


class Variant(NamedTuple):
    """What an object is built as: its type and its paint, by number."""

    type: int
    paint: int


@dataclass(frozen=True)
class Catalogue:
    """The objects of a scene as `count` classes, 1 to 200. Fewer than five leave the last families out."""

    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST:
            raise ZooError(f"classes={self.count} must be 1 to {MOST}: {len(FAMILIES)} families of objects")

    @cached_property
    def shares(self) -> tuple[int, ...]:
        """The number of classes of each family."""
        whole, rest = divmod(self.count, len(FAMILIES))
        return tuple(whole + (family < rest) for family in range(len(FAMILIES)))

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The first class of each family."""
        return tuple(int(n) for n in np.cumsum((0, *self.shares[:-1])))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the classes: ship, ship_ferry or ship_ferry_red."""
        found: list[str] = []
        for (family, types), share in zip(FAMILIES.items(), self.shares, strict=True):
            if share <= TYPES:
                found += [family] if share == 1 else [f"{family}_{kind.name}" for kind in types[:share]]
            else:
                found += [f"{family}_{types[v.type].name}_{PAINTS[v.paint]}" for v in variants(share)]
        return tuple(found)

    def draw(self, family: int, random: np.random.Generator) -> Variant | None:
        """Draw what is built: of a whole family a type as common as it is, else a class; None when it is left out."""
        share = self.shares[family]
        if share == 0:
            return None
        if share > TYPES:
            return variants(share)[int(random.integers(share))]
        paint = int(random.choice(len(PAINTS), p=COMMON))
        if share == 1:
            common = np.array([kind.common for kind in FAMILIES[NAMES[family]]])
            return Variant(int(random.choice(TYPES, p=common / common.sum())), paint)
        return Variant(int(random.integers(share)), paint)

    def label(self, family: int, variant: Variant) -> int:
        """Return the class of what `draw` built."""
        share = self.shares[family]
        within = 0 if share == 1 else variant.type if share <= TYPES else variants(share).index(variant)
        return self.first[family] + within


#: How often each paint is seen where it makes no class.
COMMON = np.array([0.28, 0.22, 0.14, 0.12, 0.10, 0.06, 0.04, 0.04])


def variants(share: int) -> list[Variant]:
    """Return the first `share` of all variants, the types of one paint after the other."""
    return [Variant(kind, paint) for paint, kind in product(range(len(PAINTS)), range(TYPES))][:share]
