"""From the values of masks to class numbers: what is decided for a folder, and the masks written by it."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recipes.folder.masks.legend import Legend, packed, unpacked
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.survey import EMPTY, NO_DATA, UNKNOWN, Surveyed, codes_on_image, listed, total
from recipes.folder.tree import Tree
from recipes.imagery.rasters import open_raster
from recipes.imagery.writing import write_raster
from zoo.errors import ZooError, agreeing
from zoo.files import cache_place
from zoo.segmentation import BACKGROUND, IGNORED

TWO = (BACKGROUND, "foreground")
#: More values than these, without names, are no class numbers but shares, or classes blurred by JPEG.
MOST_UNNAMED = 64
#: The code of a soft mask's pixels is compared, not looked up; the largest that a mask can hold.
FULL = 255
FULL_16 = 65_535


@dataclass(frozen=True)
class Coding:
    """Which class each code is: `table` code → class number or 255; codes that are in no table are none."""

    classes: tuple[str, ...]
    table: Mapping[int, int]
    coloured: bool
    notes: tuple[str, ...] = ()

    def unknown(self, counts: Mapping[int, int]) -> dict[int, int]:
        """Return the codes of a mask that are no class, with their pixels."""
        return {code: pixels for code, pixels in counts.items() if code not in self.table}

    def counted(self, counts: Mapping[int, int]) -> dict[int, int]:
        """Return the pixels of each class of a mask; those that are not known are left out."""
        found: Counter[int] = Counter()
        for code, pixels in counts.items():
            found[self.table.get(code, IGNORED)] += pixels
        return {number: pixels for number, pixels in found.items() if number != IGNORED}

    def without(self, numbers: Sequence[int]) -> "Coding":
        """Return the coding without some classes, whose pixels are then not known; the others are numbered anew."""
        kept = [number for number in range(len(self.classes)) if number not in set(numbers)]
        new = {old: index for index, old in enumerate(kept)}
        table = {code: new.get(number, IGNORED) for code, number in self.table.items()}
        return Coding(tuple(self.classes[number] for number in kept), table, self.coloured, self.notes)

    def apply(self, numbers: np.ndarray) -> np.ndarray:
        """Return codes (H, W) as class numbers uint8; what is no class is 255."""
        values, places = np.unique(numbers, return_inverse=True)
        looked_up = np.array([self.table.get(int(value), IGNORED) for value in values], np.uint8)
        return looked_up[places].reshape(numbers.shape)


def not_known_notes(surveyed: Sequence[Surveyed], coding: Coding) -> list[str]:
    """Say how many pixels count as not known by their value or by the file's word, and how to choose otherwise."""
    counts = {code: n for code, n in total(surveyed).items() if coding.table.get(code) == IGNORED and n}
    if not counts:
        return []
    masks = sum(not counts.keys().isdisjoint(one.counts) for one in surveyed)
    silent, values = counts.pop(NO_DATA, 0), {code: n for code, n in counts.items() if code != EMPTY}
    told = [listed(values, coding.coloured)] if values else []
    told += [f"no data by the file's own word ({silent:,} pixels)"] if silent else []
    key = "data.palette={name: [r,g,b]}" if coding.coloured else "data.classes={name: value}"
    way_out = f"; {key} makes a class of a value" if values else ""
    return [f"in {agreeing(masks, '[mask|masks]')} pixels count as not known: {' and '.join(told)}{way_out}"]


def coding_of(surveyed: Sequence[Surveyed], legend: Legend | None, options: MaskOptions) -> Coding:
    """Decide what the values of the masks mean, by the options, the legend and what is there; ZooError where it is open."""
    counts = total(surveyed)
    coloured = any(one.coloured for one in surveyed)
    ignored = {NO_DATA: IGNORED, UNKNOWN: IGNORED} | (
        {} if options.ignore is None else {ignored_code(options, coloured): IGNORED}
    )
    if legend is None and options.kind == "auto" and options.threshold is None and options.ignore == IGNORED:
        refuse_two_codings(surveyed)
    if coloured:
        if legend is not None:
            refuse_ignored(legend.values, options, coloured)
        return of_colours(surveyed, counts, legend, ignored)
    empty = counts.pop(EMPTY, 0)
    if not empty:
        return of_numbers(counts, legend, options, ignored)
    if options.ignore == 0 or (legend is not None and 0 not in legend.numbers.values()):
        found = of_numbers(counts, legend, options, ignored)
        return replace(found, table={**found.table, EMPTY: IGNORED})
    counts[0] += empty
    found = of_numbers(counts, legend, options, ignored)
    note = f"masks declare 0 as nodata, and it is taken as {found.classes[found.table[0]]}; data.ignore=0 takes it as not known"
    return replace(found, table={**found.table, EMPTY: found.table[0]}, notes=(*found.notes, note))


def refuse_two_codings(surveyed: Sequence[Surveyed]) -> None:
    """Refuse masks of which some write the foreground as 1 and others as 255, which would count as not known there."""
    values = [(one.pair.mask, {code for code in one.counts if code > 0}) for one in surveyed]
    ones, fulls = ([mask for mask, seen in values if seen == {code}] for code in (1, FULL))
    if ones and fulls and all(seen in (set(), {1}, {FULL}) for _, seen in values):
        raise ZooError(
            f"{len(ones)} masks hold 1 ({ones[0]}) and {len(fulls)} hold 255 ({fulls[0]}), and none holds both: "
            "data.threshold=1 takes both as the foreground, data.kind=index takes 255 as not known"
        )


def of_numbers(
    counts: Mapping[int, int], legend: Legend | None, options: MaskOptions, ignored: Mapping[int, int]
) -> Coding:
    """Return the coding of masks that are grey: shares, two values, or class numbers with names or without."""
    if options.kind == "colour":
        raise ZooError(f"data.kind=colour, and the masks are grey: {listed(counts, False)}; set data.kind=index")
    names = TWO if legend is None else legend.names
    if options.threshold is not None:
        return soft(names, options.threshold, counts)
    if is_binary(counts, legend, options):
        return binary(counts, two(names, "a binary mask"))
    if legend is None:
        return unnamed(counts, ignored)
    refuse_ignored(legend.numbers, options, False)
    return Coding(legend.names, {**ignored, **{v: i for i, v in enumerate(legend.numbers.values())}}, False)


def ignored_code(options: MaskOptions, coloured: bool) -> int:
    """Return the code of pixels that are not known."""
    ignore = options.ignore
    if isinstance(ignore, int):
        return ignore if not coloured else NO_DATA  # a number means no colour
    return packed(list(ignore or ()), "data.ignore")


def refuse_ignored(values: Mapping[str, int], options: MaskOptions, coloured: bool) -> None:
    """Refuse a value that is said to be not known and also to be a class; 255, which is not known by default, may be one."""
    if options.ignore is None or options.ignore == IGNORED:
        return
    for name, value in values.items():
        if value == ignored_code(options, coloured):
            raise ZooError(f"data.ignore={options.ignore} is also the class {name!r}; name the classes without it")


def of_colours(
    surveyed: Sequence[Surveyed], counts: Mapping[int, int], legend: Legend | None, ignored: Mapping[int, int]
) -> Coding:
    """Return the coding of masks in colours."""
    grey = [one.pair.mask for one in surveyed if not one.coloured]
    if grey:
        raise ZooError(
            f"{len(grey)} masks are grey ({grey[0]}) and {len(surveyed) - len(grey)} are in colours; give all one kind"
        )
    seen = sorted((code for code in counts if code not in ignored), key=brightness)
    if legend is None and len(seen) == 2:
        said = " and ".join(f"{unpacked(code)} as {name}" for code, name in zip(seen, TWO, strict=True))
        note = f"masks of two colours are taken so: {said}; data.palette={{name:[r,g,b],…}} names them"
        return Coding(TWO, {**ignored, seen[0]: 0, seen[1]: 1}, True, (note,))
    if legend is None or not legend.colours:
        raise ZooError(
            f"the masks are in colours, {listed(counts, True)}; name them with data.palette={{name:[r,g,b],…}}, or in a "
            "labelmap.txt or classes.json in the folder"
        )
    numbers = {code: index for index, code in enumerate(legend.values.values())}
    return Coding(legend.names, {**ignored, **numbers}, True)


def brightness(code: int) -> int:
    """Return the sum of red, green and blue of a colour."""
    return sum(unpacked(code))


def is_binary(counts: Mapping[int, int], legend: Legend | None, options: MaskOptions) -> bool:
    """Say whether masks hold two values that stand for no and yes, whatever they are, unless something else is said."""
    if options.kind in ("index", "binary"):
        return options.kind == "binary"
    values = marked(counts)
    if legend is not None:
        values.discard(UNKNOWN)
        free = len(legend.names) == 2 and IGNORED not in legend.values.values()
        return free and len(values) == 2 and not values <= set(legend.numbers.values())
    return len(values) == 2


def marked(counts: Mapping[int, int]) -> set[int]:
    """Return the values that may be classes; -1 is one only beside a single other above 0, as in -1 and 1 for no and yes."""
    values = {code for code in counts if code != NO_DATA}
    others = values - {UNKNOWN}
    return values if len(others) == 1 and min(others) > 0 else others


def binary(counts: Mapping[int, int], names: tuple[str, ...]) -> Coding:
    """Return the coding of masks of two values: the lower is the first class and the other the second."""
    values = sorted(marked(counts))
    if len(values) > 2:
        raise ZooError(
            f"data.kind=binary, and the masks hold {len(values)} values: {listed(counts, False)}; set data.threshold "
            "to make two of them, or data.kind=index"
        )
    first = values[0] if len(values) == 2 else 0
    other = values[-1] if values and values[-1] else FULL
    way_out = f"data.classes={{{names[0]}: {first}, {names[1]}: {other}}} names them"
    note = f"masks of {first} and {other} are taken as {names[0]} and {names[1]}; {way_out}"
    said = () if (first, other) == (0, 1) else (note,)
    return Coding(names, {NO_DATA: IGNORED, UNKNOWN: IGNORED, first: 0, other: 1}, False, said)


def soft(names: tuple[str, ...], threshold: float, counts: Mapping[int, int]) -> Coding:
    """Return the coding of shares from 0 to 255, or to 65535: the second class from the threshold on, of 255."""
    names = two(names, "data.threshold")
    full = FULL if max(counts, default=0) <= FULL else FULL_16
    known = range(FULL + 1) if full == FULL else (code for code in counts if code >= 0)
    table = {NO_DATA: IGNORED, UNKNOWN: IGNORED} | {code: int(code * FULL / full >= threshold) for code in known}
    return Coding(names, table, False, (f"soft masks: {names[1]} from {threshold:g} of 255 on",))


def two(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the names where there are two."""
    if len(names) != 2:
        raise ZooError(f"{what} makes two classes, and {len(names)} are named: {', '.join(names)}; name two")
    return names


def unnamed(counts: Mapping[int, int], ignored: Mapping[int, int]) -> Coding:
    """Return the coding of class numbers that nothing names: 0 is background; ZooError where they are hardly numbers."""
    values = sorted(code for code in counts if code not in ignored)
    refuse_no_numbers(values, counts)
    top = values[-1] if values else 0
    names = TWO if top <= 1 else (BACKGROUND, *(f"class{number}" for number in range(1, top + 1)))
    clash = [code for code in ignored if 0 <= code < len(names)]
    if clash:
        raise ZooError(
            f"data.ignore={clash[0]} is one of the class numbers 0 to {len(names) - 1}, which nothing names; name those that "
            "are left with data.classes={name: value}"
        )
    note = f"nothing names the values 0 to {top} of the masks: 0 is taken as {BACKGROUND}; data.classes=[…] names them"
    return Coding(names, {**ignored, **{number: number for number in range(len(names))}}, False, (note,))


def refuse_no_numbers(values: Sequence[int], counts: Mapping[int, int]) -> None:
    """Refuse values, in their order and of so many pixels, that hardly count classes: shades, or numbers with wide gaps."""
    if len(values) > MOST_UNNAMED:
        raise ZooError(
            f"masks hold {len(set(counts) - {NO_DATA})} values from {values[0]} to {max(counts)}; soft masks need "
            "data.threshold=128, classes data.classes={name: value}; JPEG blurs classes, save PNG"
        )
    if values and (values[0] < 0 or values[-1] >= 2 * len(values) + 2):
        raise ZooError(
            f"masks hold the values {listed(counts, False)}, which do not count classes from 0; name them with "
            "data.classes={name: value}, take one as not known with data.ignore=VALUE, or make two classes of shades with "
            "data.threshold=128"
        )


def kept(tree: Tree, one: Surveyed, coding: Coding) -> Path:
    """Return a file of class numbers for a mask: itself where it is one, else one in the cache, on the grid of its image."""
    path = tree.path(one.pair.mask)
    if not one.laid and is_plain(path, coding) and not coding.unknown(one.counts):
        return path
    states = [place.stat() for place in (path, tree.path(one.pair.image))]
    stamps = [(state.st_mtime_ns, state.st_size) for state in (states if one.laid else states[:1])]
    asked = (str(path.resolve()), stamps, coding.coloured, one.laid, sorted(coding.table.items()))
    coded = cache_place("masks", f"{hashlib.sha256(repr(asked).encode()).hexdigest()[:32]}.tif")
    if not coded.is_file():
        numbers, _, _ = codes_on_image(tree, one.pair, one.facts, coding.coloured)
        write_raster(coded, coding.apply(numbers)[None])
    return coded


def is_plain(path: Path, coding: Coding) -> bool:
    """Say whether a mask is a raster whose windows can be read as class numbers as they are."""
    if path.suffix.lower() not in (".tif", ".tiff") or any(
        c not in (n, NO_DATA, UNKNOWN) for c, n in coding.table.items()
    ):
        return False
    with open_raster(path) as raster:
        return raster.count == 1 and raster.dtypes[0] == "uint8" and raster.nodata in (None, IGNORED)
