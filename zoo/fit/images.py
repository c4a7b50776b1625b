"""Aspects of images: their size, bands, numbers and resolution."""

import math
from collections.abc import Sequence

from zoo.errors import counted
from zoo.fit.case import Case, Row, Verdict, compact, interval, listing, number

#: The domain of cards in whose pictures objects are large.
PHOTOGRAPHS = "photographs"
#: Change of scale that is no mismatch.
FACTOR = 2.0
#: Bits of an integer type.
FULL = {"uint8": 255.0, "uint16": 65535.0, "int16": 32767.0}


def scene(case: Case) -> Row | None:
    """Hold the size of the scenes against the size of the input.

    Threshold: a factor of two. Networks lose accuracy when things appear at another size than in training (Touvron et al.
    2019, https://arxiv.org/abs/1906.06423); up to two is what SSD's own zooming augmentation covers (section 3.6).
    """
    size, scenes = case.card.designed_for.size, case.profile.scenes
    if size is None or not scenes:
        return None
    smallest, largest = min(map(max, scenes)), max(map(max, scenes))
    data = pixels(*max(scenes, key=max))
    if largest > FACTOR * smallest:
        data = f"{pixels(*min(scenes, key=max))} to {data}"
    resize = case.setting("data.resize")
    if resize and not case.scaled:
        way = "data.resize=null takes crops and tiles of them as they are"
        return Row("scene", pixels(*size), data, "adapted", f"whole pictures, scaled to {resize} px; {way}")
    said, made_for, free = (
        pixels(*size),
        max(size),
        "input size" in case.card.adapts and not case.scaled,
    )
    if largest > FACTOR * made_for:
        return Row("scene", said, data, *larger(case, made_for, free))
    if smallest < made_for / FACTOR and not free and not case.scaled:
        return Row("scene", said, data, "mismatch", f"scale the images up {math.ceil(made_for / smallest)} times")
    return Row("scene", said, data, "fits")


def domain(case: Case) -> Row | None:
    """Say whether the model was made for photographs, where the data are such: a few objects, large in their pictures."""
    if not case.profile.photographs:
        return None
    made_for = case.card.domains
    known = PHOTOGRAPHS in made_for
    return Row("domain", listing(made_for) or "any", "photographs, objects large in them", "fits" if known else "note")


def larger(case: Case, made_for: int, free: bool) -> tuple[Verdict, str]:
    """Return verdict and action for scenes that are larger than the input.

    A model that learns boxes as shares of what it sees (option `side`) must see tiles as large as crops.
    """
    side = case.setting("model.side")
    if side and case.tile and case.tile > side:
        return "mismatch", f"data.tile={side}, the size of crops"
    if case.tile and (free or case.tile <= FACTOR * made_for):
        return "adapted", f"tiles of {case.tile}, overlap {case.overlap}, merged"
    if free:
        return "adapted", "the network takes any size"
    return "mismatch", case.tile_of(made_for)


def pixels(height: int, width: int) -> str:
    """Write a size for people."""
    return f"{height:,} × {width:,}"


def bands(case: Case) -> Row | None:
    """Hold the bands of the data against those of the weights, by name.

    A pretrained first layer is widened: the filters of known bands stay in place, the others start from their mean
    (zoo/weights/pretrained.py).
    """
    designed, mine = case.card.designed_for.bands, tuple(case.setting("bands", "data.bands") or case.profile.bands)
    if not designed or not mine:
        return None
    known = case.start.preprocessing.bands if case.start else designed
    said = listing(designed) if known == designed else f"{listing(designed)}; weights: {listing(known)}"
    if known == mine:
        return Row("bands", said, listing(mine), "fits")
    if "bands" in case.card.adapts:
        return Row("bands", said, listing(mine), "adapted", widened(case, known, mine))
    subset = set(designed) <= set(mine)
    way = f"data.bands={compact(designed)}" if subset else "a model that adapts to other bands"
    return Row("bands", said, listing(mine), "mismatch", way)


def widened(case: Case, known: Sequence[str], mine: Sequence[str]) -> str:
    """Say what becomes of the first layer for other bands than those `known` to the weights."""
    kept = [band for band in mine if band in known]
    if case.start is None:
        how = "from random weights"
    elif kept:
        how = f"filters of {listing(kept)} kept in place"
    else:
        how = "all from the mean filter, since the names are new"
    return f"first layer for {counted(len(mine), 'band')}, {how}"


def dtype(case: Case) -> Row | None:
    """Hold the type of the numbers against the designed one; models are given values in [0, 1] whatever it is.

    Integer types carry their range; a float has none, so it must be declared.
    """
    designed, mine = case.card.designed_for.dtype, case.profile.dtype
    if not designed or not mine:
        return None
    declared = case.setting("data.value_range")
    if designed == mine:
        return Row("dtype", designed, mine, "fits")
    if declared:
        return Row("dtype", designed, mine, "adapted", f"values scaled from {interval(*declared)} to 0 to 1")
    if mine in FULL:
        return Row("dtype", designed, mine, "adapted", f"values scaled from 0 to {number(FULL[mine])} to 0 to 1")
    found = case.profile.value_range
    way = f"data.value_range=[{found[0]:g},{found[1]:g}]" if found else "data.value_range=[LOW,HIGH] of the raw values"
    within = found is not None and found[0] >= -1 and found[1] <= 1
    return Row("dtype", designed, mine, "fits" if within else "mismatch", "" if within else way)


def value_range(case: Case) -> Row | None:
    """Hold the values of the data against the range that they are scaled from.

    Threshold: they must fill a sixteenth of it. ImageNet's deviation is 0.22 of the range; values in a sixteenth have at
    most 0.03, and an eight-bit image then has fewer than 16 grey levels.
    """
    found, mine = case.profile.value_range, case.profile.dtype
    declared = case.setting("data.value_range") or ((0.0, FULL[mine]) if mine in FULL else None)
    if found is None or declared is None or not case.profile.scenes:
        return None
    said, data = f"scaled from {interval(*declared)}", interval(*found)
    filled = (min(found[1], declared[1]) - max(found[0], declared[0])) / (declared[1] - declared[0])
    if filled < 1 / 16:
        return Row("value range", said, data, "mismatch", f"data.value_range=[{found[0]:g},{found[1]:g}]")
    return Row("value range", said, data, "fits")


def resolution(case: Case) -> Row | None:
    """Hold the ground sample distance against the designed one.

    Threshold: a factor of two beyond the designed range, as for `scene`; within it the sizes of objects are only noted.
    """
    designed, mine = case.card.designed_for.resolution, case.profile.resolution
    if designed is None or mine is None:
        return None
    said, data = interval(*designed, "m a pixel"), f"{number(mine)} m a pixel"
    if designed[0] <= mine <= designed[1]:
        return Row("resolution", said, data, "fits")
    if designed[0] / FACTOR <= mine <= designed[1] * FACTOR:
        return Row("resolution", said, data, "note", "objects appear at another size than in its training")
    middle = math.sqrt(designed[0] * designed[1])
    return Row("resolution", said, data, "mismatch", f"resample the scenes to {number(middle)} m a pixel")


ASPECTS = (domain, scene, bands, dtype, value_range, resolution)
