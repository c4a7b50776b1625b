"""Facies of the 2016 SEG contest: ten wells, 4,149 rows of half a foot, seven logs, nine facies; whole wells held out.

Hall 2016, https://doi.org/10.1190/tle35100906.1; https://github.com/seg/2016-ml-contest, Apache-2.0. The contest scored
STUART and CRAWFORD, whose facies by row it keeps; what it published of them since are core descriptions at other depths,
by which `contest` scores: each described foot is held against the row nearest in depth.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.kit.choice import one_of
from recipes.kit.module import Change
from recipes.kit.split import Split
from recipes.kit.table import Table, read_table
from recipes.series.future import Timed
from recipes.series.module import SeriesModule
from recipes.series.series import UNLABELLED, Series
from zoo.errors import ZooError
from zoo.sources import Source, fetch_files

SOURCE = "github://seg/2016-ml-contest@160430c"
FILES = {
    "facies_vectors.csv": "83fd9d15bbab3aed0c1dca20e7c7d2befedd110b04ee21f8c790ac03d70aa70b",
    "validation_data_nofacies.csv": "c03ad96bfa3c8b23ffff261ed8affa73b14cb5513e938d1f1168c30a983f5360",
    "blind_stuart_crawford_core_facies.csv": "025e228cd4b5aee50225ec91822929924acebbaf2d9e18fff202bf4c5f64e1fe",
}
LOGS = ("GR", "ILD_log10", "DeltaPHI", "PHIND", "PE", "NM_M", "RELPOS")
FACIES = ("SS", "CSiS", "FSiS", "SiSh", "MS", "WS", "D", "PS", "BS")
BLIND = ("STUART", "CRAWFORD")
#: A core description further than this from every row of logs has no row, feet.
NEAREST = 0.5


class Facies(SeriesModule):
    """Rows tagged with facies. `test` and `val` name the wells that are held out; `contest` stands for STUART and CRAWFORD.

    `Recruit F9` is no well but rows picked for their rare facies, and is only trained on.
    """

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        test: Sequence[str] = ("SHANKLE",),
        val: Sequence[str] = ("NEWBY",),
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        self.test, self.val = tuple(test), tuple(val)

    def sources(self) -> Sequence[Source]:
        """Return the three files."""
        return [Source(f"{SOURCE}/{name}", sha256) for name, sha256 in FILES.items()]

    def read_split(self) -> Split[Series]:
        """Read all wells, and hold whole ones out."""
        paths = dict(zip(FILES, fetch_files(self.sources()), strict=True))
        wells = wells_of(read_table(paths["facies_vectors.csv"]))
        wells |= blind(
            read_table(paths["validation_data_nofacies.csv"]), paths["blind_stuart_crawford_core_facies.csv"]
        )
        test = BLIND if self.test == ("contest",) else self.test
        for key, names in (("test", test), ("val", self.val)):
            for name in names:
                one_of(f"data.{key}", name, wells)
        if both := set(test) & set(self.val):
            raise ZooError(f"well {min(both)!r} is in data.test and in data.val; keep one of the two")
        parts = {
            "train": [well for name, well in wells.items() if name not in (*test, *self.val, *BLIND)],
            "val": [wells[name] for name in self.val],
            "test": [wells[name] for name in test],
        }
        note = f"test: {' and '.join(test)}, validation: {' and '.join(self.val)}, wells that training never sees"
        rows = sum(int((well.steps >= 0).sum()) for well in parts["test"] if well.steps is not None)
        return Split(parts, FACIES, LOGS, (f"{note}; {rows} rows of the test have a label",), "Apache-2.0")

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read another table with the columns of the contest's; facies are not asked for."""
        return LOGS, by_depth(read_table(path))


def wells_of(table: Table) -> dict[str, Series]:
    """Return the wells of a table by name, rows from the top down."""
    return {one.series.name: one.series for one in by_depth(table)}


def by_depth(table: Table) -> list[Timed]:
    """Return the wells of a table, with the depths of their rows in the place of times."""
    names, depths = np.array(table.words("Well Name")), table.numbers(["Depth"])[0][:, 0]
    values = table.numbers(LOGS)[0]
    labelled = "Facies" in table.columns
    facies = table.numbers(["Facies"])[0][:, 0] - 1 if labelled else np.full(len(names), UNLABELLED)
    wells = []
    for name in dict.fromkeys(names.tolist()):
        rows = np.flatnonzero(names == name)
        rows = rows[np.argsort(depths[rows], kind="stable")]
        well = Series(name, values[rows], group=name, steps=facies[rows].astype(np.int64))
        wells.append(Timed(well, depths[rows]))
    return wells


def blind(table: Table, core: Path) -> dict[str, Series]:
    """Return the two blind wells, with the facies of the core where one was described within half a foot of the row."""
    described = read_table(core)
    names, depths = np.array(described.words("WellName")), described.numbers(["Depth.ft"])[0][:, 0]
    codes = described.numbers(["LithCode"])[0][:, 0].astype(np.int64) - 1
    rows_of, found = np.array(table.words("Well Name")), {}
    for name, well in wells_of(table).items():
        rows = np.sort(table.numbers(["Depth"])[0][rows_of == name, 0])
        here, facies = depths[names == name], codes[names == name]
        nearest = np.abs(rows[:, None] - here[None]).argmin(axis=1)
        close = np.abs(rows - here[nearest]) <= NEAREST
        inside = close & (facies[nearest] >= 0) & (facies[nearest] < len(FACIES))
        steps = np.where(inside, facies[nearest], UNLABELLED)
        found[name] = Series(name, well.values, group=name, steps=steps)
    return found
