"""The canvas: a window of a scene on which ground, objects, trees and shadows are painted as materials."""

from collections.abc import Callable, Mapping

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes import aircraft, buildings, ships, tanks, vehicles
from recipes.scenes.catalogue import AIRCRAFT, BUILDING, SHIP, TANK, VEHICLE
from recipes.scenes.patterns import PATTERNS
from recipes.scenes.picture import Light, Picture
from recipes.scenes.spectra import codes
from recipes.scenes.things import Floor, Patch, Thing, Tree

DRAW: Mapping[int, Callable[[Picture], None]] = {
    SHIP: ships.draw,
    VEHICLE: vehicles.draw,
    AIRCRAFT: aircraft.draw,
    BUILDING: buildings.draw,
    TANK: tanks.draw,
}
TREE_HEIGHT = 2.2  # radii


class Canvas:
    """Arrays (H, W) over a window: `material` by code, `shade`, the brightness, and `shadow`; `label` and `which`.

    `label` uint8 is the class of the object at a pixel plus one, 0 is none; `which` int32 is its number, also from 1,
    counted as the objects are painted.
    """

    def __init__(self, window: Window, material: np.ndarray, shade: np.ndarray, sun: tuple[float, float]) -> None:
        self.window, self.sun = window, sun
        self.material, self.shade = material, shade
        self.shadow = np.zeros(material.shape, bool)
        self.label = np.zeros(material.shape, np.uint8)
        self.which = np.zeros(material.shape, np.int32)

    def area(self, x: float, y: float, across: float, down: float) -> tuple[slice, slice] | None:
        """Return the part of the canvas within `across` and `down` pixels of a place, None when there is none."""
        left, top, width, height = self.window
        x0, x1 = max(0, int(np.floor(x - across)) - left), min(width, int(np.ceil(x + across)) + 1 - left)
        y0, y1 = max(0, int(np.floor(y - down)) - top), min(height, int(np.ceil(y + down)) + 1 - top)
        return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None

    def places(self, area: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
        """Return the middles of the pixels of an area: x (1, W) and y (H, 1)."""
        rows, columns = area
        x = np.arange(columns.start, columns.stop)[None, :] + (self.window[0] + 0.5)
        return x, np.arange(rows.start, rows.stop)[:, None] + (self.window[1] + 0.5)

    def floor(self, floor: Floor) -> None:
        """Paint the ground of a plot."""
        low, high = floor.corners.min(axis=0), floor.corners.max(axis=0)
        middle, reach = (low + high) / 2, (high - low) / 2
        area = self.area(*middle, *reach)
        if area is None:
            return
        x, y = self.places(area)
        inside = np.ones((y.shape[0], x.shape[1]), bool)
        for begin, end in zip(floor.corners, np.roll(floor.corners, -1, axis=0), strict=True):
            run = end - begin
            inside &= (run[0] * (y - begin[1]) - run[1] * (x - begin[0])) >= 0
        u, v = floor.frame.local(x, y)
        strip = np.floor(u / np.float32(floor.pitch)).astype(np.int32) + len(floor.materials) // 2
        strip = strip.clip(0, len(floor.materials) - 1)
        self.material[area][inside] = np.array([codes()[name] for name in floor.materials], np.uint8)[strip][inside]
        waves = np.array([2 * np.pi / period if period else 0.0 for period in floor.rows], np.float32)[strip]
        self.shade[area][inside] *= (1 + np.float32(0.10) * np.sin(v * waves))[inside]

    def patch(self, patch: Patch) -> None:
        """Paint a piece of ground by its pattern."""
        reach = np.hypot(patch.length, patch.width) * 0.62  # patterns with rough edges go a little beyond
        area = self.area(patch.frame.x, patch.frame.y, reach, reach)
        if area is None:
            return
        u, v = patch.frame.local(*self.places(area))
        rows, columns = area
        window = (
            self.window[0] + columns.start,
            self.window[1] + rows.start,
            columns.stop - columns.start,
            rows.stop - rows.start,
        )
        for inside, material, shade in PATTERNS[patch.pattern](patch, u, v, window):
            self.material[area][inside] = codes()[material]
            self.shade[area][inside] *= shade if isinstance(shade, float) else shade[inside]

    def shows(self, thing: Thing) -> bool:
        """Say whether something of an object or of its shadow may be on the canvas."""
        across, down = (half + 2 + thing.height * abs(part) for half, part in zip(thing.reach, self.sun, strict=True))
        return self.area(thing.frame.x, thing.frame.y, across, down) is not None

    def picture(self, thing: Thing) -> tuple[Picture, int, int]:
        """Draw an object whole, wherever the window ends; return it with its left upper corner on the canvas."""
        across, down = thing.reach
        left, top = int(np.floor(thing.frame.x - across)) - 1, int(np.floor(thing.frame.y - down)) - 1
        x = np.arange(left, int(np.ceil(thing.frame.x + across)) + 1)[None, :] + 0.5
        y = np.arange(top, int(np.ceil(thing.frame.y + down)) + 1)[:, None] + 0.5
        cos, sin = thing.frame.axes
        steep = np.hypot(*self.sun)
        towards = (-self.sun[0] / steep, -self.sun[1] / steep)
        light = Light(float(towards[0] * cos - towards[1] * sin), float(towards[0] * sin + towards[1] * cos))
        picture = Picture(thing, *thing.frame.local(x, y), light)
        DRAW[thing.family](picture)
        return picture, left - self.window[0], top - self.window[1]

    def put(self, number: int, picture: Picture, left: int, top: int) -> None:
        """Paint an object that was drawn, which has this number."""
        thing = picture.thing
        if (found := self.overlap(picture.material.shape, left, top)) is None:
            return
        area, part = found
        inside = picture.material[part] > 0
        self.material[area][inside] = picture.material[part][inside]
        self.shade[area][inside] = picture.shade[part][inside]
        self.shadow[area][inside] = False
        self.label[area][inside] = thing.label + 1
        self.which[area][inside] = number

    def cast(self, outline: np.ndarray, left: int, top: int, height: float) -> None:
        """Throw the shadow of an outline (H, W) bool that stands `height` pixels high."""
        reach = height * np.hypot(*self.sun)
        steps = max(1, int(np.ceil(reach)))
        for step in range(1, steps + 1):
            dx, dy = (round(part * height * step / steps) for part in self.sun)
            if (found := self.overlap(outline.shape, left + dx, top + dy)) is not None:
                self.shadow[found[0]] |= outline[found[1]]

    def tree(self, tree: Tree, shadow: bool) -> None:
        """Paint a tree, or its shadow: a crown that is bright towards the sun."""
        left, top = int(np.floor(tree.x - tree.radius)), int(np.floor(tree.y - tree.radius))
        side = int(np.ceil(2 * tree.radius)) + 2
        dx = np.arange(left, left + side)[None, :] + 0.5 - tree.x
        dy = np.arange(top, top + side)[:, None] + 0.5 - tree.y
        crown = dx * dx + dy * dy <= tree.radius**2
        left, top = left - self.window[0], top - self.window[1]
        if shadow:
            self.cast(crown, left, top, TREE_HEIGHT * tree.radius)
            return
        if (found := self.overlap(crown.shape, left, top)) is None:
            return
        area, part = found
        facing = -(dx * self.sun[0] + dy * self.sun[1]) / (np.hypot(*self.sun) * tree.radius)
        inside = crown[part] & (self.label[area] == 0)
        self.material[area][inside] = codes()["forest"]
        self.shade[area][inside] = (1.35 + 0.55 * facing)[part][inside]
        self.shadow[area][inside] = False

    def overlap(
        self, shape: tuple[int, ...], left: int, top: int
    ) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
        """Return where a picture at (left, top) meets the canvas, on the canvas and in the picture; None nowhere."""
        height, width = self.material.shape
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(width, left + shape[1]), min(height, top + shape[0])
        if x0 >= x1 or y0 >= y1:
            return None
        return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
