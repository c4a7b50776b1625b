"""Aircraft: how they look, and parked on an apron."""

import numpy as np

from recipes.scenes.catalogue import AIRCRAFT, BUILDING, VEHICLE
from recipes.scenes.picture import Picture
from recipes.scenes.site import Site
from recipes.scenes.things import Thing

JET, PROPELLER, DELTA, TWIN, GLIDER = range(5)


#: Where the middle of a wing's tip is along u, by type: see the leading edges and chords below.
TIPS = (-0.37, 0.22, -0.81, 0.11, 0.17)
#: The keypoints of an aircraft, and which are joined.
KEYPOINTS = ("nose", "tail", "left_wing", "right_wing")
EDGES = (("nose", "left_wing"), ("nose", "right_wing"), ("left_wing", "tail"), ("right_wing", "tail"), ("nose", "tail"))
TORSO = ("nose", "tail")


def keypoints(thing: Thing) -> np.ndarray:
    """Return the keypoints (4, 2) of an aircraft in pixels of the scene."""
    tip = TIPS[thing.variant.type]
    places = np.array([(1, 0), (-1, 0), (tip, -1), (tip, 1)]) * (thing.length / 2, thing.width / 2)
    return np.array([thing.frame.at(u, v) for u, v in places.tolist()])


def draw(picture: Picture) -> None:
    """Draw an aircraft, nose at u = 1: wings, tail, fuselage, engines. Wing tips are at v = ±1."""
    (jet, propeller, delta, twin, glider)[picture.thing.variant.type](picture)


def wing(picture: Picture, root: float, tip: float, chords: tuple[float, float], span: float = 1.0) -> np.ndarray:
    """Return a pair of wings: their leading edge at the root and at the tip, their chords there, along u; and the span."""
    share = np.abs(picture.v) / span
    front = root + (tip - root) * share
    chord = chords[0] + (chords[1] - chords[0]) * share
    return (share <= 1) & (picture.u <= front) & (picture.u >= front - chord)


def fuselage(picture: Picture, width: float) -> None:
    """Fill the fuselage, `width` of the whole, with a cockpit."""
    taper = np.clip((picture.u + 1) / 0.7, 0.25, 1) * np.sqrt(np.clip((1 - picture.u) / 0.3, 0, 1))
    inside = (np.abs(picture.v) <= width * taper) & (np.abs(picture.u) <= 1)
    picture.fill(inside, "white" if picture.paint in ("black", "camouflage") else picture.paint, 1.1)
    picture.fill(inside & (picture.u > 0.72) & (picture.u < 0.84), "glass")


def body(picture: Picture) -> str:
    """Return the material of the wings: paint, but never one that is lost on an apron."""
    return "white" if picture.paint in ("grey", "foil") else picture.paint


def jet(picture: Picture) -> None:
    """Swept wings with two engines before them."""
    picture.fill(wing(picture, 0.35, -0.3, (0.42, 0.14)), body(picture))
    picture.fill(wing(picture, -0.72, -0.9, (0.2, 0.1), 0.4), body(picture))
    for side in (-0.36, 0.36):
        picture.fill(picture.ellipse(0.2, side, 0.13, 0.07), "grey", 0.6)
    fuselage(picture, 0.115)


def propeller(picture: Picture) -> None:
    """Straight wings, a propeller at the nose."""
    picture.fill(wing(picture, 0.42, 0.36, (0.36, 0.28)), body(picture))
    picture.fill(wing(picture, -0.68, -0.72, (0.26, 0.18), 0.32), body(picture))
    fuselage(picture, 0.1)
    picture.fill(picture.rectangle(0.94, 1.0, -0.16, 0.16), "black")


def delta(picture: Picture) -> None:
    """One wing from nose to tail, with two fins."""
    picture.fill(wing(picture, 0.5, -0.75, (1.3, 0.12)), body(picture), 0.95)
    fuselage(picture, 0.17)
    for side in (-0.3, 0.3):
        picture.fill(picture.rectangle(-0.9, -0.55, side - 0.03, side + 0.03), "black", 1.4)


def twin(picture: Picture) -> None:
    """Straight wings with an engine on each."""
    picture.fill(wing(picture, 0.3, 0.2, (0.3, 0.18)), body(picture))
    picture.fill(wing(picture, -0.74, -0.78, (0.22, 0.14), 0.36), body(picture))
    for side in (-0.34, 0.34):
        picture.fill(picture.ellipse(0.26, side, 0.2, 0.06), "grey", 0.7)
        picture.fill(picture.rectangle(0.44, 0.49, side - 0.13, side + 0.13), "black")
    fuselage(picture, 0.1)


def glider(picture: Picture) -> None:
    """Long slender wings."""
    picture.fill(wing(picture, 0.36, 0.22, (0.22, 0.1)), "white")
    picture.fill(wing(picture, -0.8, -0.84, (0.16, 0.12), 0.16), "white")
    fuselage(picture, 0.045)


def apron(site: Site) -> None:
    """Aircraft in rows on concrete, some places empty, a hangar row at one side, and a few vehicles between them."""
    half = site.half
    site.lay("concrete", (0, 0), (2 * half, 2 * half), pattern="slabs", pitch=7.5)
    top = -half
    if site.chance(0.5):
        for index in range(3):
            site.put(BUILDING, (index - 1) * (2 * half / 3), top + 9, site.among(-1, 1), (18, 14))
        top += 19
    pitch = 19.5
    columns, rows = int(2 * half // pitch), int((half - top) // pitch)
    nose = 90.0 if site.chance(0.5) else -90.0
    for row in range(rows):
        for column in range(columns):
            u, v = (column + 0.5 - columns / 2) * pitch, top + (row + 0.5) * pitch
            if site.chance(0.78):
                turn = nose + (site.among(-8, 8) if site.chance(0.7) else site.among(-40, 40))
                site.put(AIRCRAFT, u, v, turn, room(turn))
            elif site.chance(0.5):
                site.put(VEHICLE, u + site.among(-4, 4), v + site.among(-4, 4), site.among(0, 360))


def room(turn: float) -> tuple[float, float]:
    """Return the room of a place for an aircraft with a heading: less where its wings come near the next place."""
    slack = abs(np.sin(np.deg2rad(2 * turn)))
    return 18.0, 18.0 - 3.5 * slack
