"""Tables of any separator, wells as tagged series, and wells that are held out whole."""

from pathlib import Path

import numpy as np
import pytest

from recipes.kit.table import read_table
from recipes.wells.facies import Facies, blind, wells_of
from zoo.errors import ZooError

HEAD = "Facies,Formation,Well Name,Depth,GR,ILD_log10,DeltaPHI,PHIND,PE,NM_M,RELPOS"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_is_found(tmp_path: Path, separator: str) -> None:
    table = read_table(
        write(tmp_path / "a.csv", separator.join("abc"), separator.join(["1.5", "x", "NA"]), "", separator.join("23?"))
    )
    assert table.columns == ("a", "b", "c")
    np.testing.assert_array_equal(table.numbers(["c", "a"])[0], [[np.nan, 1.5], [np.nan, 2.0]])
    assert table.words("b") == ["x", "3"]


def test_what_is_wrong_with_a_table_is_named(tmp_path: Path) -> None:
    commas = read_table(write(tmp_path / "c.csv", "a;b", "1,5;2", "0,25;3"))
    np.testing.assert_allclose(commas.numbers(["a"])[0][:, 0], [1.5, 0.25])
    with pytest.raises(ZooError, match="has no column 'A '; did you mean|has no column 'A '"):
        commas.words("A ")
    with pytest.raises(ZooError, match=r"line 3 has 3 columns, its head has 2"):
        read_table(write(tmp_path / "d.csv", "a,b", "1,2", "1,2,3"))
    with pytest.raises(ZooError, match="the column 'a' twice"):
        read_table(write(tmp_path / "e.csv", "a,a", "1,2"))
    with pytest.raises(ZooError, match="column 'b', line 2: 'two' is no number"):
        read_table(write(tmp_path / "f.csv", "a,b", "1,two")).numbers(["b"])
    with pytest.raises(ZooError, match="no rows below a header"):
        read_table(write(tmp_path / "g.csv", "a,b"))
    with pytest.raises(ZooError, match="cannot be read"):
        read_table(tmp_path / "nothing.csv")


def test_wells_are_rows_from_the_top_down(tmp_path: Path) -> None:
    rows = ["2,A SH,TWO,11.0,1,1,1,1,,1,1", "3,A SH,ONE,10.5,2,1,1,1,4,1,1", "1,A SH,TWO,10.5,3,1,1,1,5,1,1"]
    wells = wells_of(read_table(write(tmp_path / "w.csv", HEAD, *rows)))
    assert list(wells) == ["TWO", "ONE"]
    assert wells["TWO"].values[:, 0].tolist() == [3, 1]
    assert np.isnan(wells["TWO"].values[1, 4])
    assert wells["TWO"].steps is not None
    assert wells["TWO"].steps.tolist() == [0, 1]


def test_cores_are_held_against_the_nearest_row(tmp_path: Path) -> None:
    rows = [f"A SH,STUART,{depth},1,1,1,1,1,1,1" for depth in (100, 100.5, 101, 108)]
    logs = read_table(write(tmp_path / "v.csv", HEAD.removeprefix("Facies,"), *rows))
    core = write(
        tmp_path / "core.csv",
        "WellName,Depth.ft,LithCode,LithLabel",
        "STUART,100.1,3,x",
        "STUART,101,11,marine",
        "STUART,110,2,x",
    )
    steps = blind(logs, core)["STUART"].steps
    assert steps is not None
    assert steps.tolist() == [2, 2, -100, -100], (
        "code 11 is none of the nine, and the last row is two feet from any core"
    )


@pytest.mark.real
def test_the_real_wells() -> None:
    data = Facies("wells", objective="tag", objectives=["tag"], missing="mask", window=100)
    data.prepare_data()
    data.setup()
    parts = data.split.parts
    assert ([w.name for w in parts["test"]], [w.name for w in parts["val"]]) == (["SHANKLE"], ["NEWBY"])
    assert sum(len(w.values) for every in parts.values() for w in every) == 4149
    assert data.bands[-1] == "PE known"
    batch = next(iter(data.train_dataloader()))
    assert batch["tags"].shape == batch["inputs"].shape[:2]
    with pytest.raises(ZooError, match="data.test=SHANKEL is not known; did you mean SHANKLE"):
        Facies("wells", test=["SHANKEL"], objective="tag", objectives=["tag"]).setup()
    with pytest.raises(ZooError, match="well 'NEWBY' is in data.test and in data.val"):
        Facies("wells", test=["NEWBY"], objective="tag", objectives=["tag"]).setup()
