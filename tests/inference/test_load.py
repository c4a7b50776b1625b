"""What answers is opened by path, name or the name of a model; what cannot be is refused in a sentence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import zoo
from recipes.imagery.rasters import open_raster
from recipes.inference.reader import reader_of
from tests.tools.predict.painted import Local, Oracle, paint, rectangles
from tests.tools.predict.untrained import kind, untrained
from tests.tools.test_listen import Loud
from tools.bench import made
from tools.cli import main
from zoo.errors import ZooError
from zoo.inference.answers import Label, Speech
from zoo.inference.opened import of_run
from zoo.runs.run import Run


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_a_scene_is_answered_by_three_lines(tmp_path: Path, task: str) -> None:
    made.run(tmp_path / "run", task, 4)
    predictor = zoo.load(tmp_path / "run")
    facts = predictor.metadata
    assert (facts.task, facts.bands[:2], facts.source) == (task, ("red", "green"), f"run {tmp_path / 'run'}")
    path = made.scene(tmp_path / "scene.tif", 700, facts.bands)
    found = predictor(path)
    with open_raster(path) as raster:
        again = predictor(raster.read())
    assert found.crs == "EPSG:32616"
    assert again.crs == ""
    for name in ("boxes", "scores") if task == "detection" else ("mask",):
        assert np.array_equal(getattr(found, name), getattr(again, name)), "an array is what its file is"
    assert found.summary() == again.summary()
    if task == "detection":
        x, y = found.outlines[0, 0]
        assert (x, y) == pytest.approx((7e5 + 0.3 * found.boxes[0, 0], 4e6 - 0.3 * found.boxes[0, 1]))
        assert facts.thresholds == {"score": 0.3}


def test_objects_in_the_terms_of_the_input(tmp_path: Path) -> None:
    boxes = rectangles(400, 300, 30, 60)
    path = paint(tmp_path / "scene.tif", 400, 300, boxes)
    found = Oracle()(path)
    assert sorted(map(tuple, found.boxes.tolist())) == sorted(map(tuple, boxes.tolist()))
    assert sorted(found.summary().split(", ")) == ["barn 15", "silo 15"]
    mask = Local()(path)
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        assert mask.mask[(y0 + y1) // 2, (x0 + x1) // 2] == 1 + number % 2
    assert mask.transform == (0.5, 0, 733_600, 0, -0.5, 3_725_139)
    with pytest.raises(ZooError, match=r"an array of shape \(300, 400\) is no image here; give \(C, H, W\) with C = 2"):
        Oracle()(np.zeros((300, 400)))


def test_a_text_an_array_and_a_file_of_many(tmp_path: Path) -> None:
    words, path = kind("topics", tmp_path)
    predictor = zoo.load(untrained(tmp_path / "topics", *words)[0].folder)
    answer = predictor("the market rose")
    assert isinstance(answer, Label)
    (tmp_path / "one.txt").write_text("the market rose\n")
    assert predictor(tmp_path / "one.txt") == answer
    with pytest.raises(ZooError, match="holds 60 sequences, and one is answered at a time"):
        predictor(path)
    assert len(list(predictor.each([path, "the market rose"]))) == 61
    with pytest.raises(ZooError, match="missing.csv"):
        predictor(str(tmp_path / "missing.csv"))
    (tmp_path / "series").mkdir()
    words, path = kind("forecast", tmp_path / "series")
    predictor = zoo.load(untrained(tmp_path / "forecast", *words)[0].folder)
    first = next(iter(predictor.each([path])))
    rows = [line.split(";") for line in path.read_text().splitlines()[1:] if line.split(";")[1] == "A"]
    found = predictor(np.array([[float(row[2]), float(row[3])] for row in rows]))
    for band, steps in first.answer.forecast.items():
        np.testing.assert_allclose(found.forecast[band], steps, rtol=1e-5)


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    made.run(tmp_path / "run", "detection", 3)
    for name, options, said in (
        ("", {}, "the name of a run or a model is empty"),
        ("nothing_like_it", {}, "no run 'nothing_like_it'"),
        (tmp_path / "run", {"veiws": 2}, "opened with no option 'veiws'; did you mean views"),
        ("ssd300", {}, "begin a training and answer nothing by themselves"),
        ("unet", {}, "has no weights of its own"),
    ):
        with pytest.raises(ZooError, match=said):
            zoo.load(name, **options)
    for target, said in (
        ("os.system", "which no configuration here names"),
        ("torch.optim.AdamW", "is no data module"),
    ):
        opened = replace(of_run(Run(tmp_path / "run")), data={"_target_": target})
        with pytest.raises(ZooError, match=said):
            reader_of(opened)


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector of speech that needs no weights: it hears speech wherever it is loud."""
    create = zoo.create

    def build(name: str, **options: object) -> torch.nn.Module:
        return create(name, **{**options, "pretrained": False})

    monkeypatch.setattr("zoo.factory.create", build)
    monkeypatch.setattr("recipes.inference.speech.Listener", Loud)


@pytest.mark.usefixtures("loud")
def test_whole_weights_answer_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tone, gap = 0.3 * np.sin(np.arange(24000) / 3), np.zeros(48000)
    soundfile.write(tmp_path / "talk.wav", np.concatenate([gap, tone, gap, tone, gap]), 48000)
    predictor = zoo.load("silero_vad")
    facts = predictor.metadata
    assert (facts.classes, facts.rate, facts.source) == (("silence", "speech"), 16000, "silero_vad v6")
    answer = predictor(tmp_path / "talk.wav")
    assert isinstance(answer, Speech)
    assert [round(time, 1) for time in (*answer.starts, *answer.ends)] == [1.0, 2.5, 1.5, 4.0 - 1.0]
    with pytest.raises(SystemExit) as left:
        main(["predict", "silero_vad", str(tmp_path / "talk.wav"), "--out", str(tmp_path / "said.csv")])
    assert not left.value.code
    assert (tmp_path / "said.csv").read_text().splitlines()[0] == "input,start,end"
    assert "2 stretches of speech, 1.0 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "said"), [("", "input 1 is '', an empty name"), ("gone.tif", "gone.tif is not there")]
)
def test_inputs_are_looked_for_before_anything_is_made(
    word: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty word is not the folder one is in; for a name that is mistyped no faster form of the weights is made."""
    made.run(tmp_path / "run", "detection", 3)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["predict", str(tmp_path / "run"), word, "--out", str(tmp_path / "found")])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run" / "exports").exists()
    assert not (tmp_path / "found").exists()
