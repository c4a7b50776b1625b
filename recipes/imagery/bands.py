"""Bands by name: what a file says of its bands, and where in it those are that are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from recipes.imagery.images import facts
from recipes.imagery.rasters import RASTERS, open_raster
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from zoo.errors import ZooError, counted, near

S = TypeVar("S", bound=Scene)

COLOURS = ("red", "green", "blue")
ALPHA = "alpha"
PICTURE_BANDS = {1: ("grey",), 3: COLOURS}
#: What GDAL calls a colour that is no colour.
UNNAMED = {"undefined", "palette"}


def own_names(path: Path, bands: int) -> tuple[str, ...] | None:
    """Return names from the descriptions of a raster or its colours, of a picture its colours; None when it has none."""
    if path.suffix.lower() not in RASTERS:
        return PICTURE_BANDS[bands]
    with open_raster(path) as raster:
        described = tuple((text or "").strip() for text in raster.descriptions)
        colours = tuple("grey" if colour.name == "gray" else colour.name for colour in raster.colorinterp)
    for names in (described[:bands], colours[:bands]):
        if all(names) and len(set(names)) == bands and not UNNAMED & set(names):
            return names
    return None


def names_of(path: Path, bands: int) -> tuple[str, ...]:
    """Return the names that a file gives its bands, else grey for one band, else band1, band2, …"""
    return own_names(path, bands) or (
        ("grey",) if bands == 1 else tuple(f"band{number}" for number in range(1, bands + 1))
    )


def places(path: Path, wanted: Sequence[str], declared: Sequence[str] | None = None) -> tuple[int, ...]:
    """Return where in the file at `path` the wanted bands are, counted from 0.

    They are matched by name, without regard to case: against `declared`, the names of the bands in the order of the file,
    or when that is None against what the file says itself. A name that is not there is a ZooError that lists those that are.
    """
    if repeats_grey(path, wanted):
        return (0,) * len(wanted)
    there = names_in(path, declared)
    if len(set(wanted)) != len(wanted):
        raise ZooError(f"data.bands={list(wanted)} names a band twice; name each once")
    if declared is None and facts(path).alpha:
        there = (*there, ALPHA)
    found = [name.lower() for name in there]
    for name in wanted:
        if name.lower() not in found:
            raise ZooError(
                f"data.bands names {name!r}, which {path.name} does not have{near(name, there)}; "
                f"its bands are {', '.join(there)}; data.band_names=[…] names them in their order in the file"
            )
    return tuple(found.index(name.lower()) for name in wanted)


def repeats_grey(path: Path, wanted: Sequence[str]) -> bool:
    """Say whether an image is grey and colours are wanted: its band is then read as each of them."""
    return (
        facts(path).bands == 1
        and own_names(path, 1) in (None, ("grey",))
        and set(map(str.lower, wanted)) == set(COLOURS)
    )


def names_in(path: Path, declared: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the names of the bands in a file: as declared, when they are as many, else as it says itself.

    Declared names that are one more name the transparency too, which is then a band as the others.
    """
    seen = facts(path)
    if declared is None:
        return names_of(path, seen.bands)
    if len(declared) not in (seen.bands, seen.bands + seen.alpha) or len(set(declared)) != len(declared):
        has = f"{path.name} has {counted(seen.bands, 'band')}"
        raise ZooError(f"data.band_names={list(declared)} must be {seen.bands} different names: {has}")
    return tuple(str(name) for name in declared)


def chosen(split: Split[S], bands: Sequence[str] | None, declared: Sequence[str] | None) -> Split[S]:
    """Return the split with scenes that read the bands named, in their order, whatever their order in each file.

    Without `bands` they are those that `declared` names. A file that does not name them has the names of the split.
    """
    if bands is None and declared is None:
        return split
    wanted = tuple(str(name) for name in (bands or declared or ()))
    every = {scene.path: scene for scene in split.every()}
    where = {
        path: places(path, wanted, declared or fallback(scene, split.bands, wanted)) for path, scene in every.items()
    }
    parts = {part: [replace(one, bands=where[one.path]) for one in those] for part, those in split.parts.items()}
    return replace(split, parts=parts, bands=wanted)


def fallback(scene: Scene, names: Sequence[str], wanted: Sequence[str]) -> Sequence[str] | None:
    """Return the names of the split for a file that itself does not name all the wanted bands, where they do; else None."""
    count = facts(scene.path).bands
    own, ours, asked = (
        {name.lower() for name in those} for those in (own_names(scene.path, count) or (), names, wanted)
    )
    return names if len(names) == count and asked <= ours and not asked <= own else None
