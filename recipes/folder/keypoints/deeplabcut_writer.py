"""Writing DeepLabCut's projects, a table for each video, and Lightning Pose's, one table for all."""

from collections.abc import Sequence
from pathlib import Path
from posixpath import basename, dirname

import yaml

from recipes.folder.formats.format import save, short
from recipes.folder.formats.tables_writer import as_csv
from recipes.folder.keypoints.deeplabcut_project import FILE
from recipes.folder.keypoints.format import KeypointImage
from recipes.folder.keypoints.found import Found, Individual
from zoo.errors import ZooError

#: Who labelled, which every table says above its columns.
SCORER = "zoo"
#: Where the images of all videos lie, and what a video is called where the images lie in no folder.
LABELS, VIDEO = "labeled-data", "images"


def place(bare: str, split: str | None) -> str:
    """Return `labeled-data/VIDEO/FILE`, which are as many parts as DeepLabCut knows."""
    folders = "_".join(part for part in dirname(bare).split("/") if part not in ("", LABELS))
    return f"{LABELS}/{folders or VIDEO}/{basename(bare)}"


def write_project(images: Sequence[KeypointImage], found: Found, root: Path) -> None:
    """Write `CollectedData_zoo.csv` beside the images of each video, and `config.yaml`."""
    owners = owners_of(images)
    for folder in dict.fromkeys(dirname(one.rel) for one in images):
        those = [one for one in images if dirname(one.rel) == folder]
        save(root / folder / f"CollectedData_{SCORER}.csv", as_csv(table(those, found.names, owners, 3)))
    parts = "multianimalbodyparts" if owners else "bodyparts"
    names = {"bodyparts": list(found.names), parts: list(found.names)}
    facts = {"Task": "zoo", "scorer": SCORER, "multianimalproject": bool(owners), "individuals": list(owners), **names}
    edges = [list(edge) for edge in found.edges or []]
    save(root / FILE, yaml.safe_dump({**facts, "skeleton": edges}, sort_keys=False, allow_unicode=True))


def write_table(images: Sequence[KeypointImage], found: Found, root: Path) -> None:
    """Write `CollectedData.csv`, whose images are one cell."""
    save(root / "CollectedData.csv", as_csv(table(images, found.names, owners_of(images), 1)))


def owners_of(images: Sequence[KeypointImage]) -> list[str]:
    """Return the names of the individuals; none where every image shows one without a name."""
    if all(len(one.individuals) == 1 and not one.individuals[0].name for one in images):
        return []
    return list(dict.fromkeys(name for image in images for name in named(image.individuals)))


def named(individuals: Sequence[Individual]) -> dict[str, Individual]:
    """Return the individuals of an image by their names; one without gets its number, in their order."""
    found = {one.name or f"individual{number}": one for number, one in enumerate(individuals, 1)}
    if len(found) < len(individuals):
        raise ZooError(f"two individuals of an image would have one name ({individuals[0].where}); rename one of them")
    return found


def table(images: Sequence[KeypointImage], names: Sequence[str], owners: Sequence[str], cells: int) -> list[list[str]]:
    """Return the lines of names, and a row an image, whose path takes so many cells."""
    columns = [(owner, part, axis) for owner in (owners or [""]) for part in names for axis in "xy"]
    empty = [""] * (cells - 1)
    rows = [["scorer", *empty, *[SCORER] * len(columns)]]
    rows += [["individuals", *empty, *(owner for owner, _, _ in columns)]] if owners else []
    rows += [["bodyparts", *empty, *(part for _, part, _ in columns)], ["coords", *empty, *(a for _, _, a in columns)]]
    for image in images:
        there = named(image.individuals) if owners else {"": image.individuals[0]}
        numbers = [word for owner in (owners or [""]) for word in words(there.get(owner), len(names))]
        rows.append([*(image.rel.split("/") if cells > 1 else [image.rel]), *numbers])
    return rows


def words(one: Individual | None, count: int) -> list[str]:
    """Return x and y of the keypoints in turn, empty for what nobody set."""
    if one is None:
        return [""] * 2 * count
    return [
        short(value) if seen else "" for point, seen in zip(one.keypoints, one.seen, strict=True) for value in point
    ]
