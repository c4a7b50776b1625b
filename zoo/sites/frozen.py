"""Frozen samples of a site, on which champion and challenger are compared: `sets/*.csv`, and labels that are held out.

    input,label,slice            a file beside the table or a text; the class, several as a|b; what slice it is of, if any

The name of the table is a slice too, so that sets (held out, recent, rare) are compared each by itself. Of held-out labels the
slices are their set, or `labelled`, their place, and `recent` the last that came.
"""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError, near
from zoo.sites.labels import LabelBook, Labelled, Truth

FOLDER, SEPARATOR, RECENT = "sets", "|", "recent"


@dataclass(frozen=True)
class Frozen:
    """N samples: inputs, labels, slices by name, bool (N,), and the hash of all tables, which a decision names."""

    inputs: tuple[Any, ...]
    truths: tuple[Truth, ...]
    slices: dict[str, np.ndarray]
    digest: str


class NothingFrozenError(ZooError):
    """A site has no samples on which versions could be judged."""


@dataclass
class Freezing:
    """Samples as they are read, and the hash of all that they are."""

    inputs: list[Any]
    truths: list[Truth]
    names: list[set[str]]
    whole: Any

    def add(self, source: Any, truth: Truth, names: set[str]) -> None:
        """Add one sample, which is of the slices `names`."""
        self.inputs.append(source)
        self.truths.append(truth)
        self.names.append(names)

    def finish(self) -> Frozen:
        """Return all samples."""
        every = sorted(set().union(*self.names))
        slices = {name: np.array([name in own for own in self.names]) for name in every}
        return Frozen(tuple(self.inputs), tuple(self.truths), slices, self.whole.hexdigest())


def read_frozen(site: Path, classes: tuple[str, ...], held_out: Sequence[Labelled] = (), recent: int = 0) -> Frozen:
    """Read all tables of a site, and labels that are held out; what is not there, of no class, or there twice is refused.

    The last `recent` of the labels are a slice of that name.
    """
    made, tables = Freezing([], [], [], hashlib.sha256()), sorted((site / FOLDER).glob("*.csv"))
    if not tables and not held_out:
        raise NothingFrozenError(
            f"{site / FOLDER} has no tables, and no label is held out; put samples there: input,label,slice in a .csv, or "
            f"bring labels: zoo collect {site} --labels FOLDER --by NAME --hold-out NAME"
        )
    seen: dict[str, str] = {}
    for table in tables:
        read_table(table, classes, seen, made)
    book, last = LabelBook(site), {one.item.sha256 for one in held_out[-recent:]} if recent else set()
    for one in sorted(held_out, key=lambda one: one.item.sha256):
        made.whole.update(f"{one.item.sha256}{json.dumps(one.truth, sort_keys=True)}".encode())
        place = {f"place {one.item.place}"} if one.item.place else set()
        newest = {RECENT} if one.item.sha256 in last else set()
        made.add(book.path(one.item), one.truth, {one.set or "labelled", *place, *newest})
    return made.finish()


def read_table(table: Path, classes: tuple[str, ...], seen: dict[str, str], made: Freezing) -> None:
    """Read one table; `seen` are the inputs that were there before, and where."""
    made.whole.update(table.read_bytes())
    for line, row in enumerate(rows_of(table), 2):
        where, name, labels = f"{table}, line {line}", row.get("input") or "", (row.get("label") or "").split(SEPARATOR)
        for label in labels:
            if label not in classes:
                raise ZooError(
                    f"{where}: label {label!r} is no class{near(label, classes)}; known: {', '.join(classes)}"
                )
        if not name or name in seen:
            raise ZooError(f"{where}: input {name!r} is {'there before, ' + seen[name] if name else 'empty'}")
        seen[name] = where
        source = input_of(table.parent, name, made.whole, where)
        made.add(source, {"classes": labels}, {table.stem, *filter(None, [row.get("slice")])})


def rows_of(table: Path) -> list[dict[str, str]]:
    """Read a table."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ZooError(f"{table} cannot be read: {error}") from error
    if not {"input", "label"} <= set(reader.fieldnames or ()):
        raise ZooError(f"{table} needs the columns input and label, and may have slice; it has {reader.fieldnames}")
    return rows


def input_of(folder: Path, name: str, whole: Any, where: str) -> Any:
    """Return a file below the folder, whose content goes into the hash, or words; a file that is gone is refused."""
    path = (folder / name).resolve()
    try:
        there = len(name) < 256 and path.is_file()
    except (OSError, ValueError):
        there = False
    if there:
        if not path.is_relative_to(folder.resolve()):
            raise ZooError(f"{where}: {name!r} lies outside {folder}; copy the file into it")
        whole.update(path.read_bytes())
        return path
    if " " not in name.strip():
        raise ZooError(f"{where}: there is no file {name!r} in {folder}; a text has more than one word")
    return name
