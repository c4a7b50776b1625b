"""Land use: what the plots of a generated scene are used for, each a square about its middle."""

from collections.abc import Iterator

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.clouds import OPAQUE
from recipes.scenes.layout import BUILT, HALF, OPEN, SEA
from recipes.scenes.render import Renderer

#: What plots are used for, as classes; a `farm` is one of tanks.
USES = (SEA, *BUILT, *OPEN)
#: Places across a square at which clouds are looked for.
LOOKS = 9


def squares(renderer: Renderer) -> Iterator[tuple[Window, str]]:
    """Yield the square of each plot that is used for something, wholly in the scene and under no cloud, and its use."""
    settings, layout = renderer.settings, renderer.layout
    side = round(2 * HALF * settings.metre)
    for cell in layout.cells((0, 0, settings.width, settings.height)):
        x, y = (round(float(place)) for place in layout.corners(cell).mean(axis=0) - side / 2)
        inside = 0 <= x <= settings.width - side and 0 <= y <= settings.height - side
        if inside and (use := layout.content(cell).use) and not clouded(renderer, (x, y, side, side)):
            yield (x, y, side, side), use


def clouded(renderer: Renderer, window: Window) -> bool:
    """Say whether a cloud hides some of a window."""
    x, y, width, height = window
    across, down = np.meshgrid(np.linspace(x, x + width, LOOKS), np.linspace(y, y + height, LOOKS))
    return bool((renderer.clouds.opacity_at(across.ravel(), down.ravel()) > OPAQUE).any())
