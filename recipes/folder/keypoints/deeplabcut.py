"""DeepLabCut's and Lightning Pose's tables: three lines of names, or four with individuals, then a row an image.

The format: `CollectedData_<scorer>.csv` of https://github.com/DeepLabCut/DeepLabCut, and Lightning Pose's, which is the same.
The same table as pandas writes it, `.h5`, is read where no .csv lies beside. An image is one cell, or three: the folder of the
labels, the video, and the file. What is empty is not seen. `config.yaml` of a project tells the edges.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, join

import numpy as np

from recipes.folder.keypoints import pandas_table
from recipes.folder.keypoints.deeplabcut_project import add_project
from recipes.folder.keypoints.found import Found, Individual, numbers
from recipes.folder.problems import some
from recipes.folder.tree import Tree, parents, without_suffix
from zoo.errors import ZooError

#: The words that begin the lines of names.
HEAD = ("scorer", "individuals", "bodyparts", "coords")
NEEDED = {"bodyparts", "coords"}
#: What stands above the columns of a tool's own answers, beside x and y.
LIKELIHOOD = "likelihood"
#: Of points that belong to no individual.
SINGLE = "single"
#: Where DeepLabCut keeps copies of all tables as one.
COPIES = "training-datasets"

#: A column: its individual ("" where the table knows none), its keypoint, and its coordinate.
Column = tuple[str, str, str]


@dataclass(frozen=True)
class Table:
    """A table of keypoints: `columns`, and of each row its place, the image that it names, and its words or numbers."""

    columns: Sequence[Column]
    rows: Iterable[tuple[str, str, Sequence[str] | np.ndarray]]

    @property
    def answers(self) -> bool:
        """Whether a program wrote it, and no person."""
        return any(axis == LIKELIHOOD for _, _, axis in self.columns)


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the tables that begin as these do; of two that are one, the .csv."""
    texts = []
    for rel in tree.ending(".csv"):
        words = [
            line.split(",")[0].strip().strip('"') for line in tree.head(rel).decode("utf-8", "replace").splitlines()[:4]
        ]
        if set(words) >= NEEDED:
            texts.append(rel)
            yield rel
    known = {without_suffix(rel) for rel in texts}
    for rel in tree.ending(".h5", ".hdf5"):
        if without_suffix(rel) not in known and pandas_table.is_table(tree.path(rel), NEEDED):
            yield rel


def read(tree: Tree) -> Found:
    """Read every table of the folder, but for copies of others, and what programs answered where people labelled too."""
    found, tables, answers, copies = Found(format="deeplabcut"), dict[str, Table](), list[str](), list[str]()
    for rel in evidence(tree):
        if f"/{COPIES}/" in f"/{rel}":
            copies.append(rel)
            continue
        try:
            table = table_of(tree, rel, found)
        except ZooError as error:
            found.problem("malformed", rel, str(error))
            continue
        if table.answers:
            answers.append(rel)
        else:
            tables[rel] = table
    leave_out(found, bool(tables), answers, copies)
    for rel, table in tables.items():
        read_table(tree, rel, table, found)
    add_project(tree, list(tables), found)
    return found


def leave_out(found: Found, labelled: bool, answers: Sequence[str], copies: Sequence[str]) -> None:
    """Say which tables are not read."""
    if copies:
        found.notes.append(f"tables in {COPIES}/ repeat those of the videos and were not read: {some(copies)}")
    said = "columns `likelihood` say that a program wrote it; give what people labelled"
    if answers and labelled:
        found.notes.append(f"tables that a program wrote, with columns `likelihood`, were not read: {some(answers)}")
    else:
        for rel in answers:
            found.problem("malformed", rel, said)


def table_of(tree: Tree, rel: str, found: Found) -> Table:
    """Open a table, as text or as pandas keeps it."""
    return text_table(tree, rel, found) if rel.lower().endswith(".csv") else pandas_keypoints(tree, rel)


def text_table(tree: Tree, rel: str, found: Found) -> Table:
    """Open a .csv; a row with other than the columns of the head is a problem."""
    lines = list(csv.reader(io.StringIO(tree.text(rel))))
    head = {row[0].strip(): row for row in lines[:4] if row and row[0].strip() in HEAD}
    index = next((at for at, word in enumerate(head["coords"]) if at and word.strip()), 1)
    columns = columns_of({word: [one.strip() for one in row[index:]] for word, row in head.items()})
    rows = []
    for number, row in enumerate(lines[len(head) :], len(head) + 1):
        where = f"{rel}, line {number}"
        if len(row) == len(columns) + index:
            rows.append((where, join(*(word.strip() for word in row[:index])), row[index:]))
        elif any(word.strip() for word in row):
            found.problem("malformed", where, f"{len(row)} fields, not {len(columns) + index}")
    return Table(columns, rows)


def pandas_keypoints(tree: Tree, rel: str) -> Table:
    """Open an .h5."""
    levels, columns, names, values = pandas_table.read(tree.path(rel))
    head = {level: [column[at] for column in columns] for at, level in enumerate(levels)}
    rows = [
        (f"{rel}, row {number}", join(*name), one)
        for number, (name, one) in enumerate(zip(names, values, strict=True), 1)
    ]
    return Table(columns_of(head), rows)


def columns_of(head: Mapping[str, Sequence[str]]) -> list[Column]:
    """Return the individual, the keypoint and the coordinate of each column; two that are one are refused."""
    owners = head.get("individuals", [""] * len(head["coords"]))
    columns = list(zip(owners, head["bodyparts"], head["coords"], strict=True))
    if twice := next((column for column in columns if columns.count(column) > 1), None):
        raise ZooError(f"two columns are {' '.join(filter(None, twice))}; leave one")
    return columns


def read_table(tree: Tree, rel: str, table: Table, found: Found) -> None:
    """Read the rows of a table; what belongs to no individual where there are some is left out with a note."""
    owned = [column for column in table.columns if column[0] != SINGLE]
    if loose := sorted({part for owner, part, _ in table.columns if owner == SINGLE}):
        found.notes.append(f"{rel}: points of no individual were left out: {', '.join(loose)}")
    names = list(dict.fromkeys(part for _, part, _ in owned))
    if (order := found.name_keypoints(names, rel)) is None:
        return
    folders = [*dict.fromkeys([dirname(rel), *parents(rel), ""])]
    for where, name, row in table.rows:
        image = found.locate(tree, name, folders, where)
        if image is not None:
            add_row(found, image, table.columns, row, (names, order), where)


def add_row(
    found: Found,
    image: str,
    columns: Sequence[Column],
    words: Sequence[str] | np.ndarray,
    known: tuple[Sequence[str], Sequence[int]],
    where: str,
) -> None:
    """Read the individuals of one image; one without any point is not there, unless the table knows no individuals."""
    names, order = known
    try:
        values = dict(zip(columns, words if isinstance(words, np.ndarray) else numbers(words), strict=True))
    except ValueError as error:
        found.problem("malformed", where, f"{error}")
        return
    if "" in {owner for owner, _, _ in columns} and found.images.get(image):
        found.problem("place", where, f"{image} has a row already, {found.images[image][0].where}")
        return
    found.images.setdefault(image, [])
    for owner in dict.fromkeys(owner for owner, _, _ in columns if owner != SINGLE):
        points = np.array([[values.get((owner, part, axis), np.nan) for axis in "xy"] for part in names])[list(order)]
        points[~np.isfinite(points).all(axis=1)] = np.nan
        if owner == "" or np.isfinite(points).any():
            found.add(image, Individual(points, np.isfinite(points).all(axis=1), where, name=owner))
