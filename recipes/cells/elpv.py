"""ELPV: 2,624 solar cells of 44 panels in electroluminescence, with how sure experts were of a defect; panels held out.

Deitsch et al. 2019, https://doi.org/10.1016/j.solener.2019.02.067; Buerhop-Lutz et al. 2018,
https://doi.org/10.4229/35thEUPVSEC20182018-5CV.3.15. The images come in the wheel of the elpv-dataset package, CC-BY-NC-SA-4.0.

The table does not name the panels, but cells lie in the order of their panels: the kind of cell changes nine times, and between
that, panels of 60 cells (6 × 10) follow one another, with one of 54, one of 72 and one of 48. Two panels of 110 cells in all
have no edge that one can see, and stay together. That makes the 18 panels of mono- and 26 of polycrystalline cells that the
authors count. Cells of one panel are alike in their making, exposure and age: in training and test they would measure memory.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.imagery.images import facts
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split, draw
from recipes.labelled.module import LabelledImages
from zoo.errors import ZooError
from zoo.sources import Source, fetch_files

WHEEL = "pypi://elpv-dataset==1.0.0.post1/elpv_dataset/data"
#: Cells of each panel, in the order of the table; 110 are two panels.
PANELS = (*[60] * 20, 54, *[60] * 12, 110, 60, 72, *[60] * 3, 48, *[60] * 3)
#: How sure the experts were, as they said it, for each of the four numbers in the table.
GRADES = ("functional", "perhaps functional", "perhaps defective", "defective")
CLASSES = ("functional", "defective")
LICENCE = "CC-BY-NC-SA-4.0"


class Cells(LabelledImages):
    """Cells that are functional or defective, or how surely they are, in four grades.

    `ratios` are the shares of train, val and test, `split_seed` draws the panels of each, of both kinds of cells alike;
    `certain` leaves out the cells of which the experts were not sure.
    """

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        ratios: tuple[float, float, float] = (0.6, 0.15, 0.25),
        split_seed: int = 0,
        certain: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        self.ratios, self.split_seed, self.certain = ratios, split_seed, certain

    def sources(self) -> Sequence[Source]:
        """Return the table, and the picture of every cell."""
        lines = Path(__file__).with_name("elpv.sha256").read_text(encoding="ascii").splitlines()
        return [Source(f"{WHEEL}/{name}", sha256) for sha256, name in (line.split() for line in lines)]

    def read_split(self) -> Split[Scene]:
        """Read the table, and give each panel to a split."""
        table = fetch_files(self.sources())[0]
        graded = self.loading.objective == "grade"
        cells = list(read_cells(table, graded))
        parts = draw([scene for scene, _ in cells], self.ratios, self.split_seed, lambda s: s.group, kind_of)
        if self.certain:  # after the draw, so that panels stay where they are
            sure = {scene.name for scene, grade in cells if grade in (0, len(GRADES) - 1)}
            parts = {part: [scene for scene in those if scene.name in sure] for part, those in parts.items()}
        notes = (
            f"panels are held out whole: {', '.join(f'{part} {panels(those)}' for part, those in parts.items())} of"
            f" {len(PANELS)}, of both kinds of cells alike, drawn with data.split_seed={self.split_seed}",
        )
        return Split(parts, GRADES if graded else CLASSES, ("grey",), notes, LICENCE)


def read_cells(table: Path, graded: bool) -> Iterator[tuple[Scene, int]]:
    """Yield each cell with its class or grade, and its grade."""
    rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()]
    if len(rows) != sum(PANELS):
        raise ZooError(f"{table} has {len(rows)} rows, expected {sum(PANELS)}; fetch it again")
    groups = np.repeat(np.arange(len(PANELS)), PANELS)
    for (name, sure, kind), panel in zip(rows, groups.tolist(), strict=True):
        path, grade = table.parent / name, round(float(sure) * (len(GRADES) - 1))
        size = facts(path)
        label = grade if graded else int(grade * 2 >= len(GRADES))
        window = (0, 0, size.width, size.height)
        yield Scene(path.stem, path, window, labels=np.array([label]), group=f"{kind} panel {panel + 1}"), grade


def kind_of(cell: Scene) -> str:
    """Return what a cell is made of, mono or poly."""
    return cell.group.partition(" ")[0]


def panels(cells: Sequence[Scene]) -> int:
    """Return how many groups of panels there are."""
    return len({cell.group for cell in cells})
