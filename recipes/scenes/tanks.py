"""Storage tanks: how they look, and in farms."""

import numpy as np

from recipes.scenes.catalogue import BUILDING, TANK
from recipes.scenes.picture import Picture
from recipes.scenes.site import Site
from recipes.scenes.vehicles import depot

CONE, FLOATING, DOME, RINGED, SPHERE = range(5)


def draw(picture: Picture) -> None:
    """Draw a round tank; its roof says what it is."""
    radius = np.sqrt(np.square(picture.u) + np.square(picture.v))
    inside = radius <= 1
    facing = picture.u * picture.light.u + picture.v * picture.light.v  # towards the sun
    paint = picture.paint if picture.paint != "grey" else "white"
    kind = picture.thing.variant.type
    slope = {CONE: 0.14, DOME: 0.35, SPHERE: 0.5}.get(kind, 0.0)
    picture.fill(inside, paint, (1 + slope * facing).astype(np.float32))
    if kind == FLOATING:  # the roof lies low: the wall towards the sun throws its shadow on it
        picture.fill(radius <= 0.88, paint, np.where(facing > 0.45, 0.45, 0.8).astype(np.float32))
    elif kind == RINGED:
        picture.fill((radius > 0.62) & (radius <= 0.74), "black", 1.6)
    elif kind == CONE:
        picture.fill(radius <= 0.1, "grey", 0.7)
        picture.fill(inside & (np.abs(picture.v) < 0.06) & (picture.u > 0), "grey", 0.8)
    elif kind == SPHERE:
        picture.fill(radius <= 0.2, "white", 1.2)


def farm(site: Site) -> None:
    """Tanks in rows within walls, pipes between them, a pump house and a yard of tankers at one side."""
    half = site.half
    ground = "dirt" if site.chance(0.5) else "concrete"
    site.lay(ground, (0, 0), (2 * half, 2 * half))
    top = -half
    if site.chance(0.6):
        depot(site, top + 7.5)
        site.put(BUILDING, half - 9, top + 22, 0, (14, 10))
        top += 30
    v = top + 9
    while v <= half - 8:
        largest = site.among(9, 16)
        pitch = largest + site.among(2, 4)
        columns = max(1, int((2 * half - 2) // pitch))
        site.lay("line", (0, v - largest / 2 - 1.2), (2 * half - 6, 0.5))
        for index in range(columns):
            u = (index + 0.5 - columns / 2) * pitch
            if site.chance(0.9):
                tank = site.put(TANK, u, v, 0, (largest, largest))
                if tank is not None:  # a circle has no heading
                    site.content.things[-1] = tank._replace(frame=tank.frame._replace(angle=0.0))
        v += pitch
