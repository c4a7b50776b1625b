"""The bands of the images: the same in all of them, with names, and read in one order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.problems import some
from recipes.imagery.bands import COLOURS, names_in, names_of, own_names, places, repeats_grey
from recipes.imagery.scene import Scene
from zoo.errors import ZooError, agreeing, counted, near


def band_names(
    images: Sequence[ImageAnnotation], chosen: Sequence[str] | None, declared: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return the names of the bands: as declared, else as the first image that names them says, else band1, band2, …

    As many new names as there are bands in `chosen` rename them; a choice among the names that are there is no new
    naming, and which are read is chosen later.
    """
    first, count = same_count(images)
    if declared is not None:
        return names_in(first.path, declared)
    named = next((image.path for image in images if image.facts and own_names(image.path, count)), first.path)
    own = names_of(named, count)
    return own if chosen is None else rename_bands(own, [str(name) for name in chosen], first.name)


def rename_bands(own: tuple[str, ...], asked: Sequence[str], example: str) -> tuple[str, ...]:
    """Return the names that are there when all that are asked for are among them, else those asked for, all of them new."""
    there = {name.lower() for name in own}
    missing = [name for name in asked if name.lower() not in there]
    if not missing:
        return own
    if len(asked) != len(own) or len(set(asked)) != len(own):
        raise ZooError(
            f"data.bands={list(asked)} names {missing[0]!r}, and {example} has {counted(len(own), 'band')}, {', '.join(own)}"
            f"{near(missing[0], own)}; choose among these, or give {len(own)} different names with data.band_names=[…]"
        )
    return tuple(asked)


def same_count(images: Sequence[ImageAnnotation]) -> tuple[ImageAnnotation, int]:
    """Return the first image that can be read and the number of its bands, which all others must have too.

    Grey images beside those in colours are left aside: their band is repeated.
    """
    known = [(image, image.facts.bands) for image in images if image.facts is not None]
    coloured = [(image, count) for image, count in known if not repeats_grey(image.path, COLOURS)]
    first, bands = (coloured or known)[0]
    if coloured and {name.lower() for name in own_names(first.path, bands) or ()} != set(COLOURS):
        coloured = known  # no colours: a grey image beside them is a mistake
    for image, count in coloured:
        if count != bands:
            raise ZooError(
                f"all images need the same bands, but {first.name} has {bands} and {image.name} has {count}; convert or "
                "remove those that differ"
            )
    return first, bands


def align_bands(
    scenes: Mapping[str, Sequence[Scene]],
    names: tuple[str, ...],
    chosen: Sequence[str] | None = None,
    declared: Sequence[str] | None = None,
) -> tuple[dict[str, list[Scene]], list[str]]:
    """Return scenes that read their bands in the order of `names`, found by the names in each file; and notes.

    What the user chose or declared is found in each file later, and moves nothing here.
    """
    if chosen is not None or declared is not None:
        return {part: list(those) for part, those in scenes.items()}, []
    every = {scene.path: scene.name for scene in chain(*scenes.values())}
    grey = {path for path in every if len(names) == len(COLOURS) and repeats_grey(path, names)}
    images = {path: name for path, name in every.items() if path not in grey}
    own = {path: own_names(path, len(names)) or () for path in images}
    where = {path: band_order(name, path, own[path], names) for path, name in images.items()}
    notes = order_notes([(name, own[path], where[path] is not None) for path, name in images.items()], names)
    where |= dict.fromkeys(grey, (0,) * len(names))
    return {part: [replace(one, bands=where[one.path]) for one in those] for part, those in scenes.items()}, notes


def order_notes(images: Sequence[tuple[str, Sequence[str], bool]], names: Sequence[str]) -> list[str]:
    """Return notes about images, by name, own names of bands and whether those are moved: the moved, and the strange."""
    moved = [image for image, _, is_moved in images if is_moved]
    strange = [
        f"{image}: {', '.join(said)}"
        for image, said, _ in images
        if said not in ((), ("grey",)) and not shared(said, names)
    ]
    notes = []
    if moved:
        said = agreeing(len(moved), "[image has|images have] another order of bands and [was|were] matched by name")
        notes.append(f"{said} ({some(moved)})")
    if strange:
        notes.append(f"bands are taken in their order for {', '.join(names)}, and called otherwise in {some(strange)}")
    return notes


def band_order(name: str, path: Path, own: Sequence[str], names: Sequence[str]) -> tuple[int, ...] | None:
    """Return where in a file the bands `names` are, by its `own` names; None where its own order is taken.

    That is where they agree, and where the file says nothing or calls all of them otherwise. One that has some of the names
    only is refused: nobody knows which of its bands are meant.
    """
    known = shared(own, names)
    if known and known < len(names):
        raise ZooError(
            f"all images need the same bands, but {name} has {', '.join(own)} and others have {', '.join(names)}; convert "
            "those that differ, or say with data.band_names=[…] what they are in all files"
        )
    found = places(path, names, own) if known else None
    return None if found == tuple(range(len(names))) else found


def shared(own: Sequence[str], names: Sequence[str]) -> int:
    """Return how many of the names are the same, without regard to case."""
    return len({name.lower() for name in own} & {name.lower() for name in names})
