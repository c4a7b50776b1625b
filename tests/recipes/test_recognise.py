"""Folders of tables and sentences are told by what they hold, and are read by the words that are given back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import zoo
from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.kit.table import TableReading
from recipes.series.recognise import quoted, words_for
from recipes.speech.manifest import read
from tests.recipes.texts import topics, write_conll, write_table
from tools.data.check import check
from zoo.errors import ZooError


def series(folder: Path, *columns: str) -> Path:
    rows = [("t", "v, bar", *columns)]
    rows += [(str(step), str(step % 7 / 2), *("0" if step < 150 else "1" for _ in columns)) for step in range(200)]
    return write_table(folder / "plant.csv", rows)


def sentences(folder: Path) -> Path:
    return write_conll(folder / "conll", (12, 6, 6))


def pairs(folder: Path) -> Path:
    return write_table(folder / "pairs.csv", [("source", "target"), *((f"a {n}", f"b {n}") for n in range(40))])


FOLDERS: dict[str, Any] = {
    "data=entities": sentences,
    "data=topics": lambda folder: write_table(folder / "t.csv", [("text", "label"), *topics(40)]),
    "data=translation": pairs,
    "task.objective=forecast": series,
    "task.objective=detect_anomalies": lambda folder: series(folder, "anomaly"),
}


@pytest.mark.parametrize("word", FOLDERS)
def test_what_is_recognised_is_read_by_the_words_that_are_told(word: str, tmp_path: Path) -> None:
    FOLDERS[word](tmp_path)
    words = words_for(tmp_path)
    assert word in words
    cfg = compose([*words, "data.horizon=5"] if "forecast" in word else words)
    assert cfg.task.objective in zoo.card(cfg.model.name).objectives
    data: Any = data_of(cfg)
    data.setup()
    assert data.split.parts["test"]


def test_a_check_reads_them_and_training_on_recordings_names_the_way(tmp_path: Path) -> None:
    sentences(tmp_path)
    report = check(tmp_path)
    assert (report.format, report.exit_code) == ("data=entities", 0)
    with pytest.raises(
        ZooError, match="holds no recordings.* what lies there is read by task=sequence data=entities data.root="
    ):
        read(tmp_path, TableReading())


def test_series_without_columns_are_refused_with_those_that_are_there(tmp_path: Path) -> None:
    path = series(tmp_path, "anomaly")
    with pytest.raises(
        ZooError, match="what lies there is read by task=sequence data=series task.objective=detect_anoma"
    ):
        data_of(compose(["task=sequence", "data=series", f"data.root={path}"]))


def test_a_folder_of_prose_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One line of words.\n\nAnd another line, which has more of them.\n")
    assert words_for(tmp_path) == []


def test_odd_names_are_in_quotes() -> None:
    assert [quoted(name) for name in ("v", "a b", "it's", "")] == ["v", "'a b'", r"'it\'s'", "''"]


@pytest.mark.parametrize(
    ("make", "expected"), [(lambda folder: sentences(folder) / "train.txt", "data=entities"), (series, "data=series")]
)
def test_a_check_takes_one_file_in_the_place_of_a_folder(
    make: Callable[[Path], Path], expected: str, tmp_path: Path
) -> None:
    report = check(make(tmp_path))
    assert (report.format, report.exit_code) == (expected, 0)
