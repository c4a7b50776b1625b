"""What the fit check asks for and costs nothing is taken by a run: said, kept in its folder, and seen by its data and model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from configuration.composition import compose, recompose, to_dict
from configuration.instantiation import data_of
from configuration.training import train
from tests.recipes.folder import tiny
from tests.recipes.folder.tiny import Picture
from zoo.runs.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
LONG = 150  # pixels: more than strides up to 16 reach, and than the usual overlap


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root, draw, made = tmp_path_factory.mktemp("data"), np.random.default_rng(0), []
    for number in range(4):
        boxes = np.array([[x, y, x + LONG, y + LONG] for x, y in draw.integers(0, 700 - LONG, (2, 2))], np.float32)
        made.append(Picture(f"{number}.png", 700, 700, boxes, ("ship", "ship")))
        path = root / tiny.image_folder("voc") / made[-1].name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(tiny.draw(draw, made[-1], ("ship",), 3).transpose(1, 2, 0)).save(path)
    tiny.write(root, "voc", made, ("ship",))
    small = [
        "data.crop=64",
        "data.tile=352",
        "data.samples=2",
        "data.batch_size=2",
        "model.channels=16",
        "model.views=1",
    ]
    run = ["trainer.max_epochs=1", "trainer.workers=0", "trainer.threads=1", "model.pretrained=false"]
    return ["task=detection", "data=folder", f"data.root={root}", "model=kestrel_nano", *small, *run]


def trained(words: list[str], folder: Path, *more: str) -> tuple[Run, str]:
    """Train, with what the words say as the command of the run; return it and what it said."""
    cfg: Any = compose([*words, f"run={folder}", *more])
    cfg.command = " ".join([*words, *more])
    train(cfg)
    return Run(folder), (folder / "logs" / "console.txt").read_text(encoding="utf-8")


def test_remedies_are_taken_said_and_kept(words: list[str], tmp_path: Path) -> None:
    run, said = trained(words, tmp_path / "adapted")
    assert (run.config["model"]["strides"], run.config["data"]["overlap"]) == ([8, 16, 32], 160)
    assert run.config["adapted"]["model"]["strides"] == [8, 16]
    assert (
        "adapted   model.strides=[8, 16, 32] in place of [8, 16]; model.strides=… or fit=warn decides otherwise" in said
    )
    assert "adapted   data.overlap=160 in place of" in said
    assert run.head()["options"]["strides"] == [8, 16, 32]
    verdicts = {row["aspect"]: row["verdict"] for row in json.loads((run.folder / "fit.json").read_text())["rows"]}
    assert (verdicts["object size"], verdicts["tile overlap"]) == ("adapted", "adapted")
    again: Any = data_of(recompose(run.config, []))
    assert again.loading.frame.overlap == 160
    assert to_dict(recompose(run.config, []))["model"]["strides"] == [8, 16, 32]


@pytest.mark.parametrize("word", ["fit=warn", "model.strides=[8,16]"])
def test_a_word_forbids_it(words: list[str], tmp_path: Path, word: str) -> None:
    run, said = trained(words, tmp_path / "warned", word)
    assert run.config["model"]["strides"] == [8, 16]
    assert "model.strides=[8, 16, 32] in place" not in said
    assert (run.config["data"]["overlap"] == 160) is (word != "fit=warn")
