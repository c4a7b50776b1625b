"""Land cover: what a pixel of a mask is called, on the ground and on objects."""

from functools import cache

import numpy as np

from recipes.scenes.catalogue import BUILDING, FAMILIES, TANK, Catalogue
from recipes.scenes.spectra import codes
from zoo.errors import ZooError
from zoo.segmentation import IGNORED

#: The materials of each land cover; objects come after these.
COVERS = {
    "water": ("sea", "shallow", "pond", "foam"),
    "field": ("sand", "grass", "meadow", "crop", "ripe", "soil"),
    "forest": ("forest", "plantation", "scrub"),
    "road": ("asphalt", "concrete", "dirt", "line", "planks"),
}
#: What all objects are in a mask of the fewest classes: what stands, and what moves.
MERGED = (*COVERS, "building", "vehicle")


@cache
def cover_codes() -> np.ndarray:
    """Return the land cover (M,) uint8 of each material by code; 255 for what is no ground."""
    found = np.full(max(codes().values()) + 1, IGNORED, np.uint8)
    for number, materials in enumerate(COVERS.values()):
        found[[codes()[name] for name in materials]] = number
    return found


def objects_of(classes: int) -> int:
    """Return how many classes of objects a mask of so many classes has: five, merged, in one of six."""
    if classes == len(MERGED):
        return len(FAMILIES)
    if len(MERGED) < classes <= 204:
        return classes - len(COVERS)
    raise ZooError(
        f"data.classes={classes} must be 6 ({', '.join(MERGED)}) or 7 to 204: four of ground, the rest objects"
    )


def mask_classes(objects: Catalogue, classes: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the classes of a mask, and the class (256,) uint8 of every value that `Rendered.cover` has."""
    number = np.arange(256, dtype=np.uint8)
    if classes != len(MERGED):
        return (*COVERS, *objects.names), number
    families = np.repeat(np.arange(len(FAMILIES)), objects.shares)
    built = np.isin(families, (BUILDING, TANK))
    number[len(COVERS) : len(COVERS) + len(families)] = np.where(
        built, MERGED.index("building"), MERGED.index("vehicle")
    )
    return MERGED, number
