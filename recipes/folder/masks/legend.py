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
from dataclasses import dataclass
from typing import Any

from recipes.folder.masks.options import MaskOptions
from recipes.folder.tree import Tree
from zoo.errors import ZooError

JSON = ("classes.json", "palette.json", "labels.json", "labelmap.json", "id2label.json")
COLOUR_MAPS = ("labelmap.txt", "class_dict.csv")
#: The most classes: 255 is what is not known.
MOST = 255


@dataclass(frozen=True)
class Legend:
    """Names with the class numbers or the colours (one whole number, 256² r + 256 g + b) that they stand for."""

    values: Mapping[str, int]
    colours: bool
    source: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.values) <= MOST:
            raise ZooError(f"{self.source} names {len(self.values)} classes; there can be 1 to {MOST}")
        twice = [name for name, value in self.values.items() if list(self.values.values()).count(value) > 1]
        if twice:
            raise ZooError(f"{self.source} gives {' and '.join(twice[:2])} the same value; give each class its own")

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in their order."""
        return tuple(self.values)


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
        return understood({row[0].strip(): row[1:4] for row in rows}, rel)
    lines = [line.split(":") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return understood({line[0].strip(): ":".join(line[1:2]).split(",") for line in lines}, rel)


def understood(content: Any, source: str) -> Legend:
    """Return a legend from any of the forms that the module's docstring lists."""
    if (
        isinstance(content, Mapping)
        and set(content) <= {"classes", "palette", "labels", "id2label"}
        and len(content) == 1
    ):
        return understood(next(iter(content.values())), source)
    if isinstance(content, list) and content and all(isinstance(entry, Mapping) for entry in content):
        return understood({str(entry.get("name")): first(entry, source) for entry in content}, source)
    if isinstance(content, list) and content and all(isinstance(entry, str) for entry in content):
        return Legend({name: number for number, name in enumerate(content)}, False, source)
    if isinstance(content, Mapping) and content:
        if all(re.fullmatch(r"\d+", str(name)) for name in content) and all(
            isinstance(v, str) for v in content.values()
        ):
            content = {name: int(number) for number, name in content.items()}
        if all(isinstance(value, int) for value in content.values()):
            return Legend({str(name): int(value) for name, value in content.items()}, False, source)
        if all(isinstance(value, Sequence) and not isinstance(value, str) for value in content.values()):
            return Legend({str(name): packed(value, source) for name, value in content.items()}, True, source)
    raise ZooError(
        f"{source} does not say what the masks' values mean; give a list of names, {{name: value}} or {{name: [r, g, b]}}"
    )


def first(entry: Mapping[str, Any], source: str) -> Any:
    """Return the colour or the number of an entry of a list."""
    for name in ("color", "colour", "color_rgb", "id", "value"):
        if name in entry:
            return entry[name]
    raise ZooError(f"{source}: {dict(entry)} has neither a color nor an id; give each class one of the two")
