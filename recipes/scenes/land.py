"""Open land: fields, woods and parks."""

import numpy as np

from recipes.scenes.catalogue import BUILDING, VEHICLE
from recipes.scenes.site import Site
from recipes.scenes.things import Floor

CROPS = ("crop", "ripe", "soil", "crop", "meadow", "plantation")


def fields(site: Site, corners: np.ndarray) -> None:
    """Strips of crops, sown in rows; now and then a farm, which a track of earth leads to."""
    strips = int(site.random.integers(2, 6))
    pitch = 3.2 * site.half / strips
    materials = tuple(CROPS[int(site.random.integers(len(CROPS)))] for _ in range(12))
    rows = tuple(site.among(1.6, 3.2) * site.metre if site.chance(0.8) else 0.0 for _ in range(12))
    turn = 0.0 if site.chance(0.5) else 90.0
    site.content.floors.append(Floor(corners, site.at(0, 0, turn), materials, pitch * site.metre, rows))
    if site.chance(0.45):
        u, v = site.among(-0.5, 0.5) * site.half, site.among(-0.5, 0.5) * site.half
        site.lay("dirt", (u, v), (34, 26), pattern="rough")
        site.lay("dirt", (u, (v + site.half) / 2), (3.5, site.half - v + 6), pattern="rough")
        site.put(BUILDING, u - 8, v - 2, site.among(-3, 3), (17, 13))
        site.put(BUILDING, u + 9, v - 1, 90 + site.among(-3, 3), (14, 11))
        site.put(VEHICLE, u, v + 9, site.among(-20, 20), (9, 2.6))


def woods(site: Site, corners: np.ndarray) -> None:
    """A wood of old trees, a young plantation or scrub beside it, and a clearing."""
    young = "plantation" if site.chance(0.5) else "scrub"
    materials = tuple("forest" if site.chance(0.7) else young for _ in range(12))
    site.content.floors.append(Floor(corners, site.at(0, 0), materials, site.half * site.metre, (0.0,) * 12))
    if site.chance(0.7):
        u, v = site.among(-0.5, 0.5) * site.half, site.among(-0.5, 0.5) * site.half
        size = (site.among(14, 30), site.among(14, 30))
        site.lay("meadow", (u, v), size, pattern="pool")
    if site.chance(0.5):
        site.lay("dirt", (0, site.among(-0.4, 0.4) * site.half), (2.2 * site.half, 3), pattern="rough")


def park(site: Site, corners: np.ndarray) -> None:
    """Lawns with paths, groups of trees, and a pond as green as they are."""
    site.content.floors.append(Floor(corners, site.at(0, 0), ("grass",), 1e9, (0.0,)))
    half = site.half
    u, v = site.among(-0.35, 0.35) * half, site.among(-0.35, 0.35) * half
    site.lay("dirt", (0, site.among(0.5, 0.8) * half), (2.3 * half, 2.4), pattern="rough", turn=site.among(-8, 8))
    size = (site.among(0.7, 1.15) * half, site.among(0.5, 0.9) * half)
    site.lay("pond", (u, v), size, pattern="pool", turn=site.among(0, 180))
    clear = max(size) * 0.62
    for _ in range(int(site.random.integers(10, 40))):
        a, b = site.among(-1, 1) * half, site.among(-1, 1) * half
        if np.hypot(a - u, b - v) > clear:
            site.plant(a, b, site.among(1.8, 3.4))
