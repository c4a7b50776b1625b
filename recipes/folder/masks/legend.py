"""What the values of masks mean: names for class numbers or colours, from the command line or from a file beside.

Files that are read: classes.txt (a name a line), labelmap.txt as CVAT writes it (name:r,g,b:…), class_dict.csv (name,r,g,b),
and classes.json, palette.json, labels.json or id2label.json: a list of names, {name: value}, {value: name}, {name: [r, g, b]},
or a list of {name, id or color}.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recipes.folder.masks.options import MaskOptions
from recipes.folder.tree import Tree
from zoo.errors import ZooError

JSON = ("classes.json", "palette.json", "labels.json", "labelmap.json", "id2label.json")
COLOUR_MAPS = ("labelmap.txt", "class_dict.csv")
#: What the only key of a file may say: that names are in it.
WRAPPERS = {"classes", "palette", "labels", "id2label"}
#: What an entry of a list may call the colour or the number of a class.
VALUES = ("color", "colour", "color_rgb", "id", "value")
#: The most classes: 255 is what is not known.
MOST = 255


@dataclass(frozen=True)
class Legend:
    """Names with the class numbers or the colours (one whole number, 256² r + 256 g + b) that they stand for.

    `ids` are the class numbers that stand beside colours, where they are given.
    """

    values: Mapping[str, int]
    colours: bool
    source: str
    ids: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.values) <= MOST:
            raise ZooError(f"{self.source} names {len(self.values)} classes; there can be 1 to {MOST}")
        for values in (self.values, self.ids):
            twice = [name for name, value in values.items() if list(values.values()).count(value) > 1]
            if twice:
                raise ZooError(f"{self.source} gives {' and '.join(twice[:2])} the same value; give each class its own")

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in their order."""
        return tuple(self.values)

    @property
    def numbers(self) -> Mapping[str, int]:
        """The class numbers that names stand for in masks that are grey: those given, else 0, 1, … in their order."""
        if not self.colours:
            return self.values
        return self.ids or {name: number for number, name in enumerate(self.values)}


def packed(colour: Sequence[Any], source: str) -> int:
    """Return a colour as one whole number; ZooError for what is none."""
    try:
        red, green, blue = (int(part) for part in colour)
    except (TypeError, ValueError) as error:
        raise ZooError(f"{source}: {colour!r} is no colour; write [red, green, blue] from 0 to 255") from error
    if not all(0 <= part <= 255 for part in (red, green, blue)):
        raise ZooError(f"{source}: {[red, green, blue]} is no colour; write [red, green, blue] from 0 to 255")
    return red << 16 | green << 8 | blue


def unpacked(code: int) -> list[int]:
    """Return the colour [r, g, b] of a whole number."""
    return [code >> 16, code >> 8 & 255, code & 255]


def legend_of(tree: Tree, options: MaskOptions) -> Legend | None:
    """Return what the options say, else what a file beside the masks says, None where neither says anything."""
    if options.palette is not None and options.classes is not None:
        raise ZooError(
            "data.palette and data.classes are both given; a palette names colours, classes name class numbers"
        )
    if options.palette is not None:
        return understood(dict(options.palette), "data.palette")
    if options.classes is not None:
        given = dict(options.classes) if isinstance(options.classes, Mapping) else list(options.classes)
        return understood(given, "data.classes")
    for name in (*COLOUR_MAPS, *JSON):
        rel = tree.file(name)
        if rel is not None:
            return of_file(tree, rel)
    names = tree.listed_names()
    return understood(names, "classes.txt") if names else None


def of_file(tree: Tree, rel: str) -> Legend:
    """Read a file of names."""
    text = tree.text(rel)
    if rel.endswith(".json"):
        try:
            return understood(json.loads(text), rel)
        except json.JSONDecodeError as error:
            raise ZooError(f"{rel} is no JSON ({error}); mend or remove it") from error
    if rel.endswith(".csv"):
        rows = [row for row in csv.reader(io.StringIO(text)) if row][1:]
        return understood([{"name": row[0].strip(), "color": row[1:4]} for row in rows], rel)
    lines = [line.split(":") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    entries = [{"name": line[0].strip(), "color": ":".join(line[1:2]).split(",")} for line in lines]
    return understood(entries, rel)


def understood(content: Any, source: str) -> Legend:
    """Return a legend from any of the forms that the module's docstring lists."""
    content = unwrapped(content)
    named = by_name(content, source)
    if named and all(isinstance(value, int) for value in named.values()):
        return Legend({name: int(value) for name, value in named.items()}, False, source)
    if named and all(isinstance(value, Sequence) and not isinstance(value, str) for value in named.values()):
        colours = {name: packed(value, source) for name, value in named.items()}
        return Legend(colours, True, source, ids_of(content))
    raise ZooError(
        f"{source} does not say what the masks' values mean; give a list of names, {{name: value}} or {{name: [r, g, b]}}"
    )


def unwrapped(content: Any) -> Any:
    """Return what a mapping holds whose only key says that it is names: {"classes": …}."""
    while isinstance(content, Mapping) and len(content) == 1 and set(content) <= WRAPPERS:
        content = next(iter(content.values()))
    return content


def by_name(content: Any, source: str) -> dict[str, Any]:
    """Return what stands for each name, of a mapping, or of a list of names or of entries; nothing for what is neither."""
    pairs = list(content.items()) if isinstance(content, Mapping) else of_list(content, source)
    if all(re.fullmatch(r"\d+", str(key)) and isinstance(value, str) for key, value in pairs):
        pairs = [(name, int(number)) for number, name in pairs]
    names = [str(name) for name, _ in pairs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ZooError(f"{source} names {twice[0]!r} {names.count(twice[0])} times; give each class a name of its own")
    return dict(zip(names, (value for _, value in pairs), strict=True))


def of_list(content: Any, source: str) -> list[tuple[str, Any]]:
    """Return names with what stands for them, of a list of entries or of names, which are counted from 0."""
    entries = content if isinstance(content, list) else []
    if all(isinstance(entry, Mapping) for entry in entries):
        return [(first(entry, ("name",), source), first(entry, VALUES, source)) for entry in entries]
    return [(entry, number) for number, entry in enumerate(entries)] if all(isinstance(e, str) for e in entries) else []


def ids_of(content: Any) -> dict[str, int]:
    """Return the class numbers that a list of entries gives beside the colours; nothing where one of them has none."""
    entries = content if isinstance(content, list) else []
    there = all(isinstance(entry, Mapping) and isinstance(entry.get("id"), int) for entry in entries)
    return {str(entry.get("name")): entry["id"] for entry in entries} if there else {}


def first(entry: Mapping[str, Any], keys: Sequence[str], source: str) -> Any:
    """Return what an entry of a list has under the first of the keys that is there."""
    for key in keys:
        if key in entry:
            return entry[key]
    raise ZooError(f"{source}: {dict(entry)} has no {' or '.join(keys)}; each class needs a name, and a color or an id")
