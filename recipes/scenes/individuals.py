"""Aircraft of generated scenes as individuals with keypoints."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from recipes.imagery.boxes import as_hulls
from recipes.scenes.aircraft import keypoints
from recipes.scenes.catalogue import AIRCRAFT
from recipes.scenes.clouds import OPAQUE
from recipes.scenes.render import Renderer


class Aircraft(NamedTuple):
    """An aircraft: `keypoints` (4, 2) and its upright `box` (4,) xyxy in pixels of the scene, and what no cloud hides (4,)."""

    keypoints: np.ndarray
    box: np.ndarray
    seen: np.ndarray
    area: float


def aircraft_of(renderer: Renderer) -> Iterator[Aircraft]:
    """Yield the aircraft of a whole scene, plot by plot."""
    settings, layout = renderer.settings, renderer.layout
    for cell in layout.cells((0, 0, settings.width, settings.height)):
        for thing in (one for one in layout.content(cell).things if one.family == AIRCRAFT):
            points = keypoints(thing)
            seen = renderer.clouds.opacity_at(points[:, 0], points[:, 1]) <= OPAQUE
            box = as_hulls(np.array([thing.box]))[0].clip(0, [settings.width, settings.height] * 2)
            yield Aircraft(points, box, seen, thing.length * thing.width)
