"""DeepLabCut's and Lightning Pose's tables: three lines of names, or four with individuals, then a row an image.

The format: `CollectedData_<scorer>.csv` of https://github.com/DeepLabCut/DeepLabCut, and Lightning Pose's, which is the same.
An image is one cell, or three: the folder of the labels, the video, and the file. What is empty is not seen.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from posixpath import dirname, join

import numpy as np

from recipes.folder.keypoints.found import Found, Individual, numbers
from recipes.folder.tree import Tree, parents

#: The words that begin the lines of names.
HEAD = ("scorer", "individuals", "bodyparts", "coords")
NEEDED = {"bodyparts", "coords"}
#: What stands above the columns of a tool's own answers, beside x and y.
LIKELIHOOD = "likelihood"
#: Of points that belong to no individual.
SINGLE = "single"


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the tables that begin as these do."""
    for rel in tree.ending(".csv"):
        words = [
            line.split(",")[0].strip().strip('"') for line in tree.head(rel).decode("utf-8", "replace").splitlines()[:4]
        ]
        if set(words) >= NEEDED:
            yield rel


def read(tree: Tree) -> Found:
    """Read every table of the folder."""
    found = Found(format="deeplabcut")
    for rel in evidence(tree):
        read_table(tree, rel, found)
    return found


def read_table(tree: Tree, rel: str, found: Found) -> None:
    """Read one table: a row with other than the columns of the head, and what is no number, is a problem."""
    rows = list(csv.reader(io.StringIO(tree.text(rel))))
    head = {row[0].strip(): row for row in rows[:4] if row and row[0].strip() in HEAD}
    index = next((at for at, word in enumerate(head["coords"]) if at and word.strip()), 1)
    if any(word.strip() == LIKELIHOOD for word in head["coords"]):
        found.problem(
            "malformed", rel, "its columns `likelihood` say that a program wrote it; give what people labelled"
        )
        return
    columns = columns_of(head, index)
    names = list(dict.fromkeys(part for _, part, _ in columns))
    if (order := found.name_keypoints(names, rel)) is None:
        return
    folders = [*dict.fromkeys([dirname(rel), *parents(rel), ""])]
    for number, row in enumerate(rows[len(head) :], len(head) + 1):
        where = f"{rel}, line {number}"
        if not any(word.strip() for word in row):
            continue
        if len(row) != len(columns) + index:
            found.problem("malformed", where, f"{len(row)} fields, not {len(columns) + index}")
            continue
        image = found.locate(tree, join(*(word.strip() for word in row[:index])), folders, where)
        if image is not None:
            add_row(found, image, columns, row[index:], (names, order), where)


def columns_of(head: dict[str, list[str]], index: int) -> list[tuple[str, str, str]]:
    """Return the individual, the keypoint and the coordinate of each column."""
    owners = head.get("individuals", [""] * len(head["coords"]))
    return [
        (owner.strip(), part.strip(), axis.strip())
        for owner, part, axis in zip(owners[index:], head["bodyparts"][index:], head["coords"][index:], strict=True)
    ]


def add_row(
    found: Found,
    image: str,
    columns: Sequence[tuple[str, str, str]],
    words: Sequence[str],
    known: tuple[Sequence[str], Sequence[int]],
    where: str,
) -> None:
    """Read the individuals of one image; one without any point is not there, unless the table knows no individuals."""
    names, order = known
    try:
        values = numbers(words)
    except ValueError as error:
        found.problem("malformed", where, f"{error}")
        return
    owners = list(dict.fromkeys(owner for owner, _, _ in columns))
    for owner in owners:
        points = np.full((len(names), 2), np.nan)
        for (who, part, axis), value in zip(columns, values, strict=True):
            if who == owner and axis in ("x", "y"):
                points[list(names).index(part), "xy".index(axis)] = value
        points = points[list(order)]
        points[np.isnan(points).any(axis=1)] = np.nan
        if owner == "" or (owner != SINGLE and np.isfinite(points).any()):
            found.add(image, Individual(points, np.isfinite(points).all(axis=1), where))
    found.images.setdefault(image, [])
