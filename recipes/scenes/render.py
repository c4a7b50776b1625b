"""A window of a scene as numbers, with its truth: the same pixels whatever window they are asked for in."""

from typing import NamedTuple

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.canvas import Canvas
from recipes.scenes.clouds import OPAQUE, Clouds
from recipes.scenes.covers import COVERS, cover_codes
from recipes.scenes.crowns import crowns
from recipes.scenes.layout import Layout
from recipes.scenes.sensor import BLUR, Sensor
from recipes.scenes.settings import SceneSettings
from recipes.scenes.spectra import codes, table
from recipes.scenes.things import Content
from zoo.segmentation import IGNORED

#: How rough materials are, of the fine and of the coarse variation; (0.16, 0.12) what is not named.
ROUGHNESS = {
    "sea": (0.10, 0.10),
    "shallow": (0.08, 0.12),
    "pond": (0.07, 0.10),
    "concrete": (0.06, 0.08),
    "asphalt": (0.08, 0.12),
    "forest": (0.10, 0.25),
    "plantation": (0.20, 0.15),
    "scrub": (0.35, 0.25),
    "meadow": (0.20, 0.35),
    "grass": (0.14, 0.25),
}
TREE_PITCH = 5.2  # metres from tree to tree in a wood


class Rendered(NamedTuple):
    """Digital numbers (C, H, W) uint16; land cover and objects (H, W) uint8; the number of each object (H, W) int32.

    `cover` is 0 to 3 for water, field, forest and road, 4 + class for an object, 255 under clouds. `which` counts from 1
    the objects in the order of `things`.
    """

    pixels: np.ndarray
    cover: np.ndarray
    which: np.ndarray


class Renderer:
    """Renders any window of a scene; memory grows with the window, not with the scene."""

    def __init__(self, settings: SceneSettings) -> None:
        self.settings, self.layout = settings, Layout(settings)
        self.sensor, self.clouds = Sensor(settings), Clouds(settings, self.layout.sun)
        names = list(table()["materials"])
        rough = np.array([(0, 0), *(ROUGHNESS.get(name, (0.16, 0.12)) for name in names)], np.float32)
        self.fine, self.coarse = rough[:, 0], rough[:, 1]
        self.covers = cover_codes()

    def contents(self, window: Window) -> list[Content]:
        """Return what may be seen in a window, plot by plot."""
        return [self.layout.content(cell) for cell in self.layout.cells(window)]

    def render(self, window: Window) -> Rendered:
        """Render a window, in pixels of the scene."""
        x, y, width, height = window
        wide = (x - BLUR, y - BLUR, width + 2 * BLUR, height + 2 * BLUR)
        inner = (slice(BLUR, -BLUR), slice(BLUR, -BLUR))
        contents = self.contents(wide)
        canvas = self.ground(wide, contents)
        cover = self.covers[canvas.material[inner]]
        build(canvas, contents)
        objects, which = canvas.label[inner], canvas.which[inner]
        woods = (canvas.material[inner] == codes()["forest"]) & (objects == 0)
        cover[woods] = list(COVERS).index("forest")  # single trees stand on other ground
        cover[objects > 0] = objects[objects > 0] + (len(COVERS) - 1)
        sunlight = 1 - np.float32(0.92) * canvas.shadow
        hidden = None
        if self.clouds.any:
            sunlight *= 1 - np.float32(0.8) * self.clouds.shadow(wide)
            hidden = self.clouds.opacity(window)
            cover[hidden > OPAQUE] = IGNORED
        pixels = np.empty((len(self.settings.bands), height, width), np.uint16)
        for index in range(len(pixels)):
            seen = self.sensor.band(index, canvas.material, canvas.shade, sunlight)
            pixels[index] = self.sensor.numbers(index, seen, hidden, window)
        return Rendered(pixels, cover, which)

    def ground(self, window: Window, contents: list[Content]) -> Canvas:
        """Paint the ground: what grows, plots, roads, what is laid on them, and how bright all of it is."""
        terrain = self.layout.terrain
        material = terrain.cover(window)
        canvas = Canvas(window, material, np.ones(material.shape, np.float32), self.layout.sun)
        for content in contents:
            for floor in content.floors:
                canvas.floor(floor)
        for content in contents:
            for patch in content.roads:
                canvas.patch(patch)
        for content in contents:
            for patch in content.patches:
                canvas.patch(patch)
        coarse, fine = terrain.texture(window)
        canvas.shade *= 1 + self.fine[material] * fine + self.coarse[material] * coarse
        woods = material == codes()["forest"]
        if woods.any():
            lit = crowns(terrain.seed + 5, window, TREE_PITCH * self.settings.metre, self.layout.sun)
            canvas.shade[woods] *= lit[woods]
        return canvas


def build(canvas: Canvas, contents: list[Content]) -> None:
    """Throw all shadows on the ground, then paint the objects and the trees."""
    things = enumerate((thing for content in contents for thing in content.things), start=1)
    pictures = [(number, *canvas.picture(thing)) for number, thing in things if canvas.shows(thing)]
    trees = [tree for content in contents for tree in content.trees]
    for _, picture, left, top in pictures:
        canvas.cast(picture.material > 0, left, top, picture.thing.height)
    for tree in trees:
        canvas.tree(tree, shadow=True)
    for number, picture, left, top in pictures:
        canvas.put(number, picture, left, top)
    for tree in trees:
        canvas.tree(tree, shadow=False)
