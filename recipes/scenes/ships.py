"""Ships: how they look, moored in harbours side by side, and at sea."""

import numpy as np

from recipes.scenes.catalogue import SHIP
from recipes.scenes.picture import Picture
from recipes.scenes.site import Site

SAILING, MOTOR, TRAWLER, FERRY, BARGE = range(5)
#: Where the bow begins to narrow and how full it is, where the stern does, of half a length; by type.
LINES = ((-0.1, 1.8, -0.55), (0.05, 2.2, -0.97), (0.25, 2.4, -0.8), (0.45, 2.6, -0.9), (0.75, 2.0, -0.96))
BERTH = 6.2  # metres across for the widest ship, with its fenders
LONGEST = (11.0, 14.0, 19.0)  # metres of the longest ship at a pier, with its ropes
PIER = 2.2  # metres
CLEAR = 45.0  # metres between ships at sea


def draw(picture: Picture) -> None:
    """Draw a ship: its hull with a rim, a deck, and what stands on it."""
    kind = picture.thing.variant.type
    begin, fullness, stern = LINES[kind]
    narrowing = np.clip((picture.u - begin) / (1 - begin), 0, 1) ** fullness
    tail = np.clip((stern - picture.u) / (stern + 1), 0, 1) ** 2 * (0.6 if kind == SAILING else 0.2)
    beam = 1 - narrowing - tail
    inside = (np.abs(picture.v) <= beam) & (np.abs(picture.u) <= 1)
    picture.fill(inside, "white" if kind in (SAILING, MOTOR, FERRY) else "black")
    deck = (np.abs(picture.v) <= beam - 0.18) & (np.abs(picture.u) <= 0.95)
    picture.fill(deck, picture.paint, 0.95)
    (sailing, motor, trawler, ferry, barge)[kind](picture, deck)


def sailing(picture: Picture, deck: np.ndarray) -> None:
    """A planked deck with a cabin, a cockpit, and the boom over it."""
    picture.fill(deck & (picture.u > -0.2), "planks")
    picture.fill(picture.ellipse(0.1, 0, 0.35, 0.4), picture.paint, 1.1)
    picture.fill(picture.rectangle(-0.8, -0.4, -0.4, 0.4), "black", 1.5)
    picture.fill(picture.rectangle(-0.6, 0.2, -0.1, 0.1), "white")


def motor(picture: Picture, deck: np.ndarray) -> None:
    """A superstructure amidships with a windscreen, and an open stern."""
    picture.fill(deck & (picture.u < -0.5), "planks")
    picture.fill(picture.rectangle(-0.45, 0.35, -0.62, 0.62), "white", 1.05)
    picture.fill(picture.rectangle(0.22, 0.38, -0.55, 0.55), "glass")


def trawler(picture: Picture, deck: np.ndarray) -> None:
    """A wheelhouse forward and nets aft."""
    picture.fill(deck & (picture.u < 0.0), "planks", 0.7)
    picture.fill(picture.rectangle(0.15, 0.55, -0.5, 0.5), "white", 1.05)
    picture.fill(picture.ellipse(-0.5, 0, 0.25, 0.45), picture.paint, 0.8)


def ferry(picture: Picture, deck: np.ndarray) -> None:
    """A long superstructure with a funnel and rows of windows."""
    picture.fill(picture.rectangle(-0.8, 0.55, -0.7, 0.7), "white", 1.05)
    picture.fill(picture.rectangle(-0.7, 0.45, -0.35, 0.35), picture.paint)
    picture.fill(picture.rectangle(0.48, 0.58, -0.6, 0.6), "glass")
    picture.fill(picture.ellipse(-0.5, 0, 0.12, 0.25), "black")


def barge(picture: Picture, deck: np.ndarray) -> None:
    """Hatches over the hold and a small house at the stern."""
    for start in (-0.55, -0.15, 0.25):
        picture.fill(picture.rectangle(start, start + 0.33, -0.62, 0.62), picture.paint, 1.1)
        picture.fill(picture.rectangle(start + 0.29, start + 0.33, -0.62, 0.62), "black", 1.5)
    picture.fill(picture.rectangle(-0.9, -0.65, -0.55, 0.55), "white")


def harbour(site: Site, open_to_sea: bool = False) -> None:
    """Piers in a basin, with ships moored side by side on both sides; open at the lower side, or dug into the land."""
    half, quay = site.half, 6.0
    wide, bottom = (half, half + 6) if open_to_sea else (half - quay, half - quay)
    top = quay - half
    if open_to_sea:
        site.lay("concrete", (0, top - quay / 2), (2 * half, quay), pattern="slabs", pitch=6)
    else:
        site.lay("concrete", (0, 0), (2 * half, 2 * half), pattern="slabs", pitch=6)
    site.lay("shallow", (0, (top + bottom) / 2), (2 * wide, bottom - top), pattern="rough" if open_to_sea else "plain")
    longest = float(site.random.choice(LONGEST))
    spacing = 2 * longest + PIER + 0.5
    piers = max(1, int((2 * wide) // spacing))
    length = min(bottom, half - quay) - top
    for index in range(piers):
        u = (index - (piers - 1) / 2) * spacing
        site.lay("planks", (u, top + length / 2), (PIER, length), pattern="slabs", pitch=3)
        for side in (-1, 1):
            moor(site, (u, side), (top + 3, top + length), longest)


def moor(site: Site, pier: tuple[float, int], span: tuple[float, float], longest: float) -> None:
    """Moor ships of at most `longest` metres side by side along a side of the pier at u, from one v to another."""
    u, side = pier
    berth = min(BERTH, 0.34 * longest + 1)
    for index in range(int((span[1] - span[0]) // berth)):
        if not site.chance(0.85):
            continue
        v = span[0] + (index + 0.5) * berth
        turn = (0.0 if site.chance(0.5) else 180.0) + site.among(-2, 2)
        ship = site.put(SHIP, u, v, turn, (longest - 1, berth - 0.5))
        if ship is not None:  # its end lies at the pier
            off = PIER / 2 + 0.6 + ship.length / site.metre / 2
            site.content.things[-1] = ship._replace(frame=site.at(u + side * off, v, turn))


def open_sea(site: Site) -> None:
    """A few ships at anchor or under way, each with its wake."""
    taken: list[tuple[float, float]] = []
    for _ in range(int(site.random.integers(1, 5))):
        u, v = site.among(-0.8, 0.8) * site.half, site.among(-0.8, 0.8) * site.half
        if any(np.hypot(u - a, v - b) < CLEAR for a, b in taken):
            continue
        turn = site.among(0, 360)
        ship = site.put(SHIP, u, v, turn)
        if ship is None:
            continue
        taken.append((u, v))
        if site.chance(0.6):
            length = 2.2 * ship.length / site.metre
            back = -(ship.length / site.metre / 2 + length / 2) * 0.96
            cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
            width = 1.5 * ship.width / site.metre
            site.lay("foam", (u + back * cos, v - back * sin), (length, width), pattern="wake", turn=turn)
