"""The bands of the images: the same in all of them, and with names."""

from collections.abc import Sequence
from pathlib import Path

from recipes.folder.annotations import ImageAnnotation
from recipes.imagery.images import RASTERS, open_raster
from zoo.errors import ZooError

PICTURE_BANDS = {1: ("grey",), 2: ("grey", "alpha"), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}
#: What GDAL calls a colour that is no colour.
UNNAMED = {"undefined", "palette"}


def band_names(images: Sequence[ImageAnnotation], chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the bands: as chosen, else as the first image says, else band1, band2, …"""
    first, facts = next((image, image.facts) for image in images if image.facts is not None)
    for image in images:
        if image.facts is not None and image.facts.bands != facts.bands:
            raise ZooError(
                f"all images need the same bands, but {first.name} has {facts.bands} and {image.name} has "
                f"{image.facts.bands}; convert or remove those that differ"
            )
    names = tuple(str(name) for name in chosen) if chosen is not None else names_of(first.path, facts.bands)
    if len(names) != facts.bands or len(set(names)) != len(names):
        raise ZooError(
            f"data.bands={list(names)} must be {facts.bands} different names: {first.name} has {facts.bands} bands"
        )
    return names


def kinds_note(images: Sequence[ImageAnnotation]) -> list[str]:
    """Return a note when the images are of several types: each is scaled by the range of its own."""
    examples: dict[str, str] = {}
    for image in images:
        if image.facts is not None:
            examples.setdefault(image.facts.dtype, image.name)
    if len(examples) < 2:
        return []
    those = ", ".join(f"{dtype} ({name})" for dtype, name in examples.items())
    return [f"images are of several types, each scaled by its own range: {those}"]


def names_of(path: Path, bands: int) -> tuple[str, ...]:
    """Return names from the descriptions of a raster or its colours, else by number; of a picture, its colours."""
    if path.suffix.lower() not in RASTERS:
        return PICTURE_BANDS[bands]
    with open_raster(path) as raster:
        described = tuple((text or "").strip() for text in raster.descriptions)
        colours = tuple("grey" if colour.name == "gray" else colour.name for colour in raster.colorinterp)
    for names in (described, colours):
        if all(names) and len(set(names)) == bands and not UNNAMED & set(names):
            return names
    return ("grey",) if bands == 1 else tuple(f"band{number}" for number in range(1, bands + 1))
