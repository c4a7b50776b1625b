"""Vehicles: how they look, parked in lots, and on the road."""

import numpy as np

from recipes.scenes.catalogue import BUILDING, VEHICLE
from recipes.scenes.picture import Picture
from recipes.scenes.site import Site

CAR, VAN, PICKUP, TRUCK, BUS = range(5)
STALL = 2.7  # metres, the width of a stall
DEPTH = 5.6  # metres, its length
AISLE = 6.5  # metres between two rows


def draw(picture: Picture) -> None:
    """Draw a vehicle: a body with rounded corners, glass, and its load."""
    kind = picture.thing.variant.type
    round_off = np.abs(picture.u) ** 8 + np.abs(picture.v) ** 8 <= 1
    boxy = (np.abs(picture.u) <= 1) & (np.abs(picture.v) <= 1)
    inside = round_off if kind in (CAR, VAN, PICKUP) else boxy
    picture.fill(inside, picture.paint)
    (car, van, pickup, truck, bus)[kind](picture)


def car(picture: Picture) -> None:
    """A windscreen and a rear window, with the roof between them."""
    picture.fill(picture.rectangle(0.18, 0.46, -0.78, 0.78), "glass")
    picture.fill(picture.rectangle(-0.72, -0.52, -0.72, 0.72), "glass")
    picture.fill(picture.rectangle(-0.5, 0.15, -0.72, 0.72), picture.paint, 1.12)


def van(picture: Picture) -> None:
    """One long roof behind the windscreen."""
    picture.fill(picture.rectangle(0.5, 0.75, -0.8, 0.8), "glass")
    picture.fill(picture.rectangle(-0.92, 0.45, -0.8, 0.8), picture.paint, 1.12)


def pickup(picture: Picture) -> None:
    """A cab and an open bed."""
    picture.fill(picture.rectangle(0.25, 0.48, -0.78, 0.78), "glass")
    picture.fill(picture.rectangle(-0.9, -0.2, -0.7, 0.7), "black", 1.4)


def truck(picture: Picture) -> None:
    """A cab, a gap and a box, which often has a colour of its own."""
    picture.fill(picture.rectangle(0.6, 0.68, -1, 1), "black")
    picture.fill(picture.rectangle(0.86, 0.97, -0.8, 0.8), "glass")
    box = "white" if picture.thing.seed % 2 else picture.paint
    picture.fill(picture.rectangle(-1, 0.6, -1, 1), box, 1.1)


def bus(picture: Picture) -> None:
    """A roof with hatches."""
    picture.fill(picture.rectangle(-0.95, 0.9, -0.8, 0.8), picture.paint, 1.12)
    for place in (-0.6, -0.1, 0.4):
        picture.fill(picture.rectangle(place, place + 0.16, -0.4, 0.4), "grey", 0.8)
    picture.fill(picture.rectangle(0.93, 0.99, -0.85, 0.85), "glass")


def parking(site: Site) -> None:
    """Rows of stalls on asphalt, back to back, with aisles between them; in some lots a market along one side."""
    half, top = site.half, -site.half
    site.lay("asphalt", (0, 0), (2 * half, 2 * half))
    if site.chance(0.5):
        for index in range(3):
            site.put(BUILDING, (index - 1) * (2 * half / 3), top + 9, site.among(-1, 1), (18, 15))
        top += 20
    filled = site.among(0.35, 0.85)
    v = top + DEPTH + 1
    while v + DEPTH + 1 <= half:
        site.lay("line", (0, v), (2 * half - 4, 2 * DEPTH), pattern="stalls", pitch=STALL)
        for side in (-1, 1):
            park_row(site, v + side * DEPTH / 2, filled)
        v += 2 * DEPTH + AISLE


def park_row(site: Site, v: float, filled: float) -> None:
    """Park vehicles in a row of stalls at v."""
    stalls = int((2 * site.half - 4) // STALL)
    for index in range(stalls):
        u = (index + 0.5 - stalls / 2) * STALL
        if site.chance(filled):
            heading = (90.0 if site.chance(0.6) else -90.0) + site.among(-2, 2)
            site.put(VEHICLE, u + site.among(-0.15, 0.15), v + site.among(-0.2, 0.2), heading, (DEPTH, STALL - 0.3))


def depot(site: Site, v: float) -> None:
    """Trucks and buses side by side, in a yard along v."""
    pitch = 4.2
    places = int(2 * (site.half - 4) // pitch)
    for index in range(places):
        if site.chance(0.6):
            site.put(VEHICLE, (index + 0.5 - places / 2) * pitch, v, 90 + site.among(-1.5, 1.5), (12.5, pitch - 0.8))


def traffic(site: Site, length: float) -> None:
    """Vehicles in both lanes of a road along u, `length` metres long, away from its crossings."""
    for side in (-1, 1):
        u = -length / 2 + 12 + site.among(0, 25)
        while u < length / 2 - 12:
            site.put(VEHICLE, u, side * 1.8, (0 if side > 0 else 180) + site.among(-1, 1))
            u += site.among(22, 90)
