"""Frozen samples of a site: `sets/*.csv`, a row a sample with its label, on which champion and challenger are compared.

    input,label,slice            a file beside the table or a text; the class; and what slice it is of, if any

The name of the table is a slice too, so that sets (held out, recent, rare) are compared each by itself.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError, near

FOLDER = "sets"


@dataclass(frozen=True)
class Frozen:
    """N samples: inputs, labels, slices by name, bool (N,), and the hash of all tables, which a decision names."""

    inputs: tuple[Any, ...]
    labels: tuple[str, ...]
    slices: dict[str, np.ndarray]
    digest: str


def read_frozen(site: Path, classes: tuple[str, ...]) -> Frozen:
    """Read all tables of a site; what is not there, of no class, or there twice is refused with its line."""
    inputs, labels, names, seen = list[Any](), list[str](), list[set[str]](), dict[str, str]()
    whole, tables = hashlib.sha256(), sorted((site / FOLDER).glob("*.csv"))
    if not tables:
        raise ZooError(f"{site / FOLDER} has no tables; put held-out samples there: input,label,slice in a .csv")
    for table in tables:
        whole.update(table.read_bytes())
        for line, row in enumerate(rows_of(table), 2):
            where, name, label = f"{table}, line {line}", row.get("input") or "", row.get("label") or ""
            if label not in classes:
                raise ZooError(
                    f"{where}: label {label!r} is no class{near(label, classes)}; known: {', '.join(classes)}"
                )
            if not name or name in seen:
                raise ZooError(f"{where}: input {name!r} is {'there before, ' + seen[name] if name else 'empty'}")
            seen[name] = where
            inputs.append(input_of(table.parent, name, whole, where))
            labels.append(label)
            names.append({table.stem, *filter(None, [row.get("slice")])})
    every = sorted(set().union(*names))
    slices = {name: np.array([name in own for own in names]) for name in every}
    return Frozen(tuple(inputs), tuple(labels), slices, whole.hexdigest())


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
