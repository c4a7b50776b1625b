"""The layout of a scene: a bent lattice of roads, and on each plot between them a district or open land.

All of it is a function of the seed and of the place in the lattice, so that any part of a scene can be planned alone.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes import aircraft, buildings, land, ships, tanks, vehicles
from recipes.scenes.noise import uniform
from recipes.scenes.settings import SceneSettings
from recipes.scenes.site import Site
from recipes.scenes.terrain import BEACH, Terrain
from recipes.scenes.things import Content, Floor, Frame, Patch, Thing

PITCH = 96.0  # metres from crossing to crossing
JITTER = 0.08  # of the pitch, by which a crossing lies off its place
HALF = 30.0  # metres from the middle of a plot that are clear of its roads, whatever the jitter
ROAD = 7.0  # metres
DISTRICTS = (
    "housing",
    "apron",
    "fields",
    "farm",
    "harbour",
    "housing",
    "apron",
    "woods",
    "farm",
    "parking",
    "park",
)
#: Districts take turns, so that nine neighbours hold nine of them in a row, but for this share that is drawn.
DRAWN = 0.2
#: A plot is settled when more than this share of it is land, and a harbour when more than that is.
RECLAIMED, BARREN = 0.7, 0.25
BUILT = {
    "housing": buildings.housing,
    "parking": vehicles.parking,
    "harbour": ships.harbour,
    "apron": aircraft.apron,
    "farm": tanks.farm,
}
#: What a plot is used for on which no land is.
SEA = "sea"
OPEN = {"fields": land.fields, "woods": land.woods, "park": land.park}
Cell = tuple[int, int]


class Layout:
    """What stands where. `sun` is where shadows fall, in pixels for each pixel of height."""

    def __init__(self, settings: SceneSettings) -> None:
        self.settings, self.terrain = settings, Terrain(settings)
        random = np.random.default_rng([settings.seed, 1])
        azimuth, steep = random.uniform(0, 2 * np.pi), random.uniform(0.55, 1.05)
        self.sun = (float(np.cos(azimuth) * steep), float(np.sin(azimuth) * steep))
        self.pitch = PITCH * settings.metre
        turn = random.uniform(0, 2 * np.pi)
        self.turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        self.origin = random.uniform(0, self.pitch, 2)
        self.content = lru_cache(maxsize=2048)(self.planned)

    def crossing(self, i: int, j: int) -> np.ndarray:
        """Return the place (2,) of a crossing."""
        seed = self.settings.seed * 1_000_003 + 23
        jitter = [float(uniform(seed + axis, np.array([i]), np.array([j]))[0]) for axis in (0, 1)]
        return self.origin + self.pitch * (self.turned @ (np.array([i, j]) + JITTER * (2 * np.array(jitter) - 1)))

    def corners(self, cell: Cell) -> np.ndarray:
        """Return the corners (4, 2) of a plot."""
        i, j = cell
        return np.stack([self.crossing(i + a, j + b) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))])

    def cells(self, window: Window) -> list[Cell]:
        """Return the cells of which something may be seen in a window, in a fixed order."""
        x, y, width, height = window
        reach = self.pitch * 1.0 + 20 * self.settings.metre  # half a plot's diagonal, and the longest shadow
        outer = np.array([(a, b) for a in (x - reach, x + width + reach) for b in (y - reach, y + height + reach)])
        places = (outer - self.origin) @ self.turned / self.pitch
        (left, top), (right, bottom) = np.floor(places.min(axis=0)) - 1, np.ceil(places.max(axis=0)) + 1
        every = np.stack(np.meshgrid(np.arange(left, right), np.arange(top, bottom), indexing="ij"), axis=-1)
        cells = every.reshape(-1, 2).astype(int)
        middles = self.origin + self.pitch * ((cells + 0.5) @ self.turned.T)
        near = ((middles > (x - reach, y - reach)) & (middles < (x + width + reach, y + height + reach))).all(axis=1)
        return [(int(i), int(j)) for i, j in cells[near]]

    def planned(self, cell: Cell) -> Content:
        """Plan a plot and two of its roads; `content` keeps what was planned last."""
        random = np.random.default_rng([self.settings.seed, 2, cell[0] + 2**20, cell[1] + 2**20])
        corners, content = self.corners(cell), Content()
        use = self.build(cell, corners, random, content)
        for corner in (1, 3):
            self.pave(corners[0], corners[corner], random, content)
        content.things[:] = [thing for thing in content.things if self.whole(thing)]
        return replace(content, use=use)

    def build(self, cell: Cell, corners: np.ndarray, random: np.random.Generator, content: Content) -> str:
        """Plan what stands on the plot, and return what it is used for: it depends on how much of it is sea."""
        heights = self.heights(corners)
        middle = corners.mean(axis=0)
        along = corners[1] + corners[2] - corners[0] - corners[3]
        angle = float(np.rad2deg(np.arctan2(-along[1], along[0])))
        angle += 90.0 * int(random.integers(4))
        site = self.site(Frame(float(middle[0]), float(middle[1]), angle), random, content)
        land = float((heights > BEACH).mean())
        if land == 0:
            ships.open_sea(site)
            return SEA
        if land > RECLAIMED:
            return self.settle(cell, corners, site)
        if land > BARREN:
            seaward = Frame(float(middle[0]), float(middle[1]), self.seaward(middle))
            ships.harbour(self.site(seaward, random, content), open_to_sea=True)
            return "harbour"
        return ""

    def site(self, frame: Frame, random: np.random.Generator, content: Content) -> Site:
        """Return the site of a plot."""
        return Site(frame, HALF, self.settings.metre, random, self.settings.catalogue, content)

    def settle(self, cell: Cell, corners: np.ndarray, site: Site) -> str:
        """Give a plot on land its district, and return its name."""
        index = (cell[0] + 3 * cell[1]) % len(DISTRICTS)
        if site.chance(DRAWN):
            index = int(site.random.integers(len(DISTRICTS)))
        name = DISTRICTS[index]
        if name in OPEN:
            OPEN[name](site, corners)
            return name
        lawn = "grass" if site.chance(0.6) else "meadow"
        site.content.floors.append(Floor(corners, site.at(0, 0), (lawn,), 1e9, (0.0,)))
        BUILT[name](site)
        return name

    def heights(self, corners: np.ndarray) -> np.ndarray:
        """Return heights over the sea at places spread over a plot."""
        share = np.linspace(0, 1, 7)
        above = corners[0] + (corners[1] - corners[0]) * share[:, None]
        under = corners[3] + (corners[2] - corners[3]) * share[:, None]
        places = above[None] + (under - above)[None] * share[:, None, None]
        return self.terrain.height_at(places[..., 0].ravel(), places[..., 1].ravel())

    def seaward(self, place: np.ndarray) -> float:
        """Return the angle of a site whose v runs down to the sea, degrees."""
        step = 0.3 * self.pitch
        x, y = (place + step * np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])).T
        heights = self.terrain.height_at(x, y)
        return float(np.rad2deg(np.arctan2(heights[1] - heights[0], heights[3] - heights[2])))

    def pave(self, begin: np.ndarray, end: np.ndarray, random: np.random.Generator, content: Content) -> None:
        """Plan a road between two crossings, where all of it is on land, with its traffic."""
        places = begin + (end - begin) * np.linspace(0, 1, 7)[:, None]
        if self.terrain.height_at(places[:, 0], places[:, 1]).min() < BEACH:
            return
        run, metre = end - begin, self.settings.metre
        length = float(np.hypot(*run))
        x, y = ((begin + end) / 2).tolist()
        frame = Frame(x, y, float(np.rad2deg(np.arctan2(-run[1], run[0]))))
        content.roads.append(Patch(frame, length + ROAD * metre, ROAD * metre, "asphalt", "road", 6 * metre))
        vehicles.traffic(self.site(frame, random, content), length / metre)

    def whole(self, thing: Thing) -> bool:
        """Say whether an object lies wholly within the scene; one that is cut would have no true box."""
        across, down = thing.reach
        x, y = thing.frame.x, thing.frame.y
        return across <= x <= self.settings.width - across and down <= y <= self.settings.height - down
