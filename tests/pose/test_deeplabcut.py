"""DeepLabCut's projects as they come: tables of pandas, skeletons, copies, answers of programs; nothing is unpickled."""

import csv
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from recipes.folder.keypoints.found import Found
from recipes.folder.keypoints.options import KeypointOptions
from recipes.folder.keypoints.reading import find
from recipes.folder.problems import Problem
from recipes.folder.tree import Tree
from tests.pose.figures import NAMES, figures, write_deeplabcut

LEVELS = ("scorer", "bodyparts", "coords")
COLUMNS = [("me", part, axis) for part in NAMES for axis in "xy"]


def read(root: Path) -> Found:
    return find(Tree(root), KeypointOptions())


def write_axis(group: Any, name: str, rows: Sequence[Sequence[str]], levels: Sequence[str]) -> None:
    """Write names as pandas does: each level's words once, and their numbers."""
    group.attrs[f"{name}_variety"], group.attrs[f"{name}_nlevels"] = np.bytes_("multi"), len(levels)
    for level, called in enumerate(levels):
        words = sorted({row[level] for row in rows})
        stored = group.create_dataset(f"{name}_level{level}", data=np.array(words, "S"))
        stored.attrs["name"] = np.bytes_(called)
        group[f"{name}_label{level}"] = np.array([words.index(row[level]) for row in rows], np.int8)


def write_fixed(path: Path, points: dict[str, np.ndarray]) -> None:
    """Write a table as pandas' layout `fixed` has it."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"], group.attrs["nblocks"] = np.bytes_("frame"), 1
        write_axis(group, "axis0", COLUMNS, LEVELS)
        write_axis(group, "block0_items", COLUMNS, LEVELS)
        write_axis(group, "axis1", [rel.split("/") for rel in points], ("a", "b", "c"))
        values = group.create_dataset("block0_values", data=np.stack([one.ravel() for one in points.values()]))
        values.attrs["transposed"] = np.uint8(1)


def write_table(path: Path, points: dict[str, np.ndarray], pickled: bytes | None = None) -> None:
    """Write a table as pandas' layout `table` has it, whose names PyTables pickles."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        group.attrs["info"] = np.bytes_(pickle.dumps({1: {"names": list(LEVELS), "type": "MultiIndex"}}, 0))
        group.attrs["non_index_axes"] = np.bytes_(pickled or pickle.dumps([(1, COLUMNS)], 0))
        kind = np.dtype([("index", "S40"), ("values_block_0", "<f8", (len(COLUMNS),))])
        rows = [(rel.encode(), one.ravel()) for rel, one in points.items()]
        group["table"] = np.array(rows, kind)


@pytest.mark.parametrize("write", [write_fixed, write_table])
def test_pandas_tables_are_read_as_data(tmp_path: Path, write: Any) -> None:
    points = figures(tmp_path, 6)
    next(iter(points.values()))[1] = np.nan
    write(tmp_path / "CollectedData_me.h5", points)
    found = read(tmp_path)
    assert (found.names, found.problems) == (NAMES, [])
    for image, (one,) in found.images.items():
        np.testing.assert_allclose(one.keypoints, points[image])


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    write_table(tmp_path / "a.h5", figures(tmp_path, 4), pickle.dumps([(1, [Trap()])], 0))
    assert problems(tmp_path) == [Problem("malformed", "a.h5", said := problems(tmp_path)[0].what)]
    assert "pickled with" in said
    assert ".csv" in said
    assert not (tmp_path / "sprung").exists()


def test_objects_in_a_table_are_refused(tmp_path: Path) -> None:
    points = figures(tmp_path, 4)
    write_fixed(tmp_path / "a.h5", points)
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file["df_with_missing/block0_values"]
        objects = file["df_with_missing"].create_dataset("block0_values", (1,), h5py.vlen_dtype(np.uint8))
        objects[0] = np.frombuffer(pickle.dumps(points), np.uint8)
    assert "would have to be unpickled; give it as .csv" in problems(tmp_path)[0].what


def problems(root: Path) -> list[Problem]:
    """Return what is wrong with tables of which none can be read."""
    from recipes.folder.keypoints import deeplabcut

    return deeplabcut.read(Tree(root)).problems


def test_of_two_files_of_one_table_the_text_is_read(tmp_path: Path) -> None:
    points = figures(tmp_path, 4)
    write_deeplabcut(tmp_path / "CollectedData_me.csv", points)
    write_fixed(tmp_path / "CollectedData_me.h5", points)
    assert all(len(those) == 1 for those in read(tmp_path).images.values())


def test_a_project_tells_its_edges(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "labels/CollectedData_me.csv", figures(tmp_path, 4))
    config = tmp_path / "config.yaml"
    config.write_text(
        "bodyparts: [head, left_paw, right_paw]\nskeleton:\n- [head, left_paw]\nTask: !!python/name:os.system x\n"
    )
    assert read(tmp_path).edges == [("head", "left_paw")]
    config.write_text("bodyparts: [head]\nskeleton: [[head, tail]]\n")
    (problem,) = read(tmp_path).problems
    assert (problem.kind, problem.where) == ("skeleton", "config.yaml")


def test_copies_and_answers_are_not_read_beside_what_people_labelled(tmp_path: Path) -> None:
    points = figures(tmp_path, 4)
    write_deeplabcut(tmp_path / "labels/CollectedData_me.csv", points)
    (tmp_path / "training-datasets").mkdir()
    write_deeplabcut(tmp_path / "training-datasets/CollectedData_me.csv", points)
    answered = tmp_path / "clipDLC.csv"
    answered.write_text("scorer,a,a,a\nbodyparts,head,head,head\ncoords,x,y,likelihood\n0,1,2,0.9\n")
    found = read(tmp_path)
    assert [len(those) for those in found.images.values()] == [1] * 4
    assert not found.problems
    assert len([note for note in found.notes if "not read" in note]) == 2


def test_several_individuals_keep_their_names(tmp_path: Path) -> None:
    first, second = figures(tmp_path, 2)
    rows: list[list[Any]] = [
        ["scorer", *["me"] * 10],
        ["individuals", *["anna"] * 4, *["berta"] * 4, *["single"] * 2],
        ["bodyparts", *["head", "head", "tail", "tail"] * 2, "post", "post"],
        ["coords", *"xy" * 5],
        [first, 1, 2, 3, 4, 5, 6, "", "", 9, 9],
        [second, "", "", "", "", 5, 6, 7, 8, 9, 9],
    ]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = read(tmp_path)
    assert found.names == ("head", "tail")
    assert [[one.name for one in those] for those in found.images.values()] == [["anna", "berta"], ["berta"]]
    assert any("points of no individual were left out: post" in note for note in found.notes)


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "a.csv", figures(tmp_path, 4), ("head", "head", "tail"))
    assert "two columns are head x" in problems(tmp_path)[0].what
