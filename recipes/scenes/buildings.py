"""Buildings: how their roofs look, and in blocks of houses."""

import numpy as np

from recipes.scenes.catalogue import BUILDING, VEHICLE
from recipes.scenes.picture import Picture
from recipes.scenes.site import Site

GABLE, HIP, FLAT, SAWTOOTH, COURTYARD = range(5)
#: What a roof of each paint is made of.
ROOFS = {
    "white": "tin",
    "grey": "bitumen",
    "red": "tile",
    "blue": "blue",
    "black": "slate",
    "green": "green",
    "camouflage": "living",
    "foil": "foil",
}


def draw(picture: Picture) -> None:
    """Draw a roof; sides that face the sun are bright."""
    inside = (np.abs(picture.u) <= 1) & (np.abs(picture.v) <= 1)
    roof = ROOFS[picture.paint]
    (gable, hip, flat, sawtooth, courtyard)[picture.thing.variant.type](picture, inside, roof)


def lit(picture: Picture, u: float, v: float) -> float:
    """Return the brightness of a slope that falls towards (u, v)."""
    return 1.0 + 0.32 * (u * picture.light.u + v * picture.light.v)


def gable(picture: Picture, inside: np.ndarray, roof: str) -> None:
    """Two slopes and a ridge, with a chimney."""
    picture.fill(inside, roof, np.where(picture.v > 0, lit(picture, 0, 1), lit(picture, 0, -1)).astype(np.float32))
    picture.fill(inside & (np.abs(picture.v) < 0.06), roof, 1.3)
    picture.fill(picture.rectangle(0.4, 0.5, 0.2, 0.4), "black", 1.6)


def hip(picture: Picture, inside: np.ndarray, roof: str) -> None:
    """Four slopes."""
    ratio = picture.thing.length / picture.thing.width
    ends = (1 - np.abs(picture.u)) * ratio < (1 - np.abs(picture.v))
    sides = np.where(picture.v > 0, lit(picture, 0, 1), lit(picture, 0, -1))
    slopes = np.where(ends, np.where(picture.u > 0, lit(picture, 1, 0), lit(picture, -1, 0)), sides)
    picture.fill(inside, roof, slopes.astype(np.float32))


def flat(picture: Picture, inside: np.ndarray, roof: str) -> None:
    """A parapet and machines on the roof."""
    picture.fill(inside, roof, 1.25)
    picture.fill(picture.rectangle(-0.93, 0.93, -0.9, 0.9), roof, 0.95)
    for _ in range(int(picture.random.integers(1, 4))):
        u, v = picture.random.uniform(-0.7, 0.5), picture.random.uniform(-0.7, 0.4)
        picture.fill(picture.rectangle(u, u + 0.2, v, v + 0.28), "grey", 1.1)


def sawtooth(picture: Picture, inside: np.ndarray, roof: str) -> None:
    """A hall with rows of skylights."""
    phase = np.mod((picture.u + 1) * 2.5, 1.0)
    picture.fill(inside, roof, (0.8 + 0.4 * phase).astype(np.float32))
    picture.fill(inside & (phase < 0.18), "glass", 1.2)


def courtyard(picture: Picture, inside: np.ndarray, roof: str) -> None:
    """A ring of roofs around a yard, which belongs to the building."""
    picture.fill(inside, roof, np.where(picture.u + picture.v > 0, lit(picture, 0.7, 0.7), lit(picture, -0.7, -0.7)))
    picture.fill(picture.rectangle(-0.4, 0.4, -0.35, 0.35), "concrete", 0.6)


def housing(site: Site) -> None:
    """Houses on both sides of a lane, two rows deep, with gardens, trees, and here and there a car in the drive."""
    half = site.half
    site.lay("asphalt", (0, 0), (2 * half, 5))
    pitch = site.among(14.5, 19)
    count = int(2 * half // pitch)
    for side in (-1, 1):
        for v in (9.5, 23.0):
            for index in range(count):
                if site.chance(0.93):
                    house(site, (index + 0.5 - count / 2) * pitch, side * v, pitch)
    for _ in range(int(site.random.integers(3, 9))):
        site.plant(site.among(-half, half), (-1 if site.chance(0.5) else 1) * (half + 1.5), 2.0)


def house(site: Site, u: float, v: float, pitch: float) -> None:
    """A house on its plot, `pitch` metres wide; before the first row a drive, behind it a tree."""
    site.put(BUILDING, u - 1.2, v, site.among(-4, 4), (pitch - 4.2, 10))
    side = 1 if v > 0 else -1
    drive = u + pitch / 2 - 1.5
    if abs(v) < 15:
        site.lay("concrete", (drive, side * 6.5), (2.6, 8))
        if site.chance(0.45):
            site.put(VEHICLE, drive, side * 7.0, 90 + site.among(-3, 3), (5.6, 2.3))
    if site.chance(0.6):
        site.plant(u + site.among(-5, 2), v + side * 6.8, site.among(1.0, 1.5))
