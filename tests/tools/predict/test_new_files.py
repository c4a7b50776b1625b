"""What is wrong with a new file is said with a way out that a prediction has: no setting of training is offered."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.kit.inference_sample import InferenceSample
from tests.tools.predict.untrained import kind
from zoo.errors import ZooError

SETTING = re.compile(r"(data|task|model|trainer)\.[a-z_.]+")
HEAD = "hour;machine;x;y\n"


def steps(hours: Iterable[object], values: Sequence[object] = (1, 2)) -> str:
    """A table of one machine."""
    return HEAD + "".join(f"{hour};A;{values[n % len(values)]};{n}\n" for n, hour in enumerate(hours))


BAD = {
    "uneven.csv": steps([*range(20), 25, 26]),
    "twice.csv": steps([1, 1, 2]),
    "gaps.csv": steps(range(30), (1, "")),
    "none.csv": steps(range(30), ("",)),
    "infinite.csv": steps(range(30), (1, "inf")),
    "short.csv": steps(range(2)),
    "word.csv": steps(range(30), (1, "x")),
    "dates.csv": steps([f"0{n}/0{n}/2020" for n in range(1, 9)][::-1]),
    "order.csv": steps([f"0{n % 2 + 1}/0{n}/2020" for n in range(1, 9)]),
    "marks.csv": steps(range(30), ("1,234",)),
    "columns.csv": "a;b\n1;2\n3;4\n",
    "ragged.csv": HEAD + "1;A;2;3\n2;A;2;3;4\n",
    "quotes.csv": 'text,label\n"a,b\n',
    "empty.csv": "",
    "head.csv": HEAD,
    "blank.txt": "\n\n",
    "bytes.txt": "a\0b",
    "bytes.csv": "text;x\0\n1;2\n",
    "tab.txt": "Anna\tB-person\n",
    "letters.txt": "ACGT#\n",
    "words.conll": "Anna B-person\n\n",
    "long.txt": "word " * 3000,
}


def read(data: Any, path: Path) -> list[InferenceSample]:
    return list(data.inference_samples(path))


def said_of(data: Any, folder: Path) -> dict[str, str]:
    """Return the sentence about each of the bad files that is refused."""
    found = {}
    for name, text in BAD.items():
        (folder / name).write_text(text, encoding="utf-8")
        try:
            read(data, folder / name)
        except ZooError as error:
            found[name] = str(error)
    return found


@pytest.mark.parametrize(
    ("name", "least"),
    [("topics", 8), ("entities", 6), ("translate", 8), ("genomics", 8), ("tag", 12), ("forecast", 12)],
)
def test_what_is_wrong_with_a_new_file_offers_no_setting_of_training(name: str, least: int, tmp_path: Path) -> None:
    words, _ = kind(name, tmp_path)
    data = data_of(compose(["task=sequence", *words, "trainer.workers=0"]))
    data.setup()
    (tmp_path / "new").mkdir()
    said = said_of(data, tmp_path / "new")
    assert len(said) >= least, said
    assert {
        file: sentence for file, sentence in said.items() if SETTING.search(sentence.replace(str(tmp_path), ""))
    } == {}


def test_gaps_and_uneven_times_of_a_new_file_are_mended_there(tmp_path: Path) -> None:
    words, _ = kind("forecast", tmp_path)
    data: Any = data_of(compose(["task=sequence", *words, "data.missing=raise"]))
    data.setup()
    said = said_of(data, tmp_path)
    assert said["gaps.csv"].endswith("the run knows none of these; fill them")
    assert "give a row for each step, an empty value where none is known" in said["uneven.csv"]
    assert np.isfinite(read(data, tmp_path / "t.csv")[0].inputs.numpy()).all()
