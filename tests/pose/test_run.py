"""A run over a folder of one's own from end to end: it is trained, tested, exported, and answers images and films."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from configuration.training import main as train
from recipes.inference.video import VideoWriter, open_video
from tests.pose.figures import NAMES, figure, figures, write_coco
from tools.cli import main
from zoo.errors import ZooError
from zoo.runs.run import Run

SMALL = [
    "trainer.workers=0",
    "trainer.threads=1",
    "trainer.precision=32-true",
    "model.pretrained=false",
    "model.channels=[16]",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_coco(root / "keypoints.json", figures(root, 16))
    return root


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    target = tmp_path_factory.mktemp("runs") / "run"
    words = [
        "task=pose",
        "data=folder",
        f"data.root={folder}",
        "data.size=64",
        "data.batch_size=4",
        "trainer.max_epochs=1",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py"])
        assert train([*words, *SMALL, f"run={target}"]) == 0
    return Run(target)


def answered(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["zoo", *words])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_run_tells_errors_beside_naive_ones(run: Run) -> None:
    metrics = run.metrics
    assert {"test/rmse", "test/rmse_mean_pose", "test/rmse_nearest", "test/pck_5", "test/rmse/head"} <= set(metrics)
    assert metrics["test/rmse_low"] <= metrics["test/rmse"] <= metrics["test/rmse_high"]
    assert {path.name for path in (run.folder / "plots").iterdir()} >= {"poses.png", "errors.png", "worst.png"}
    assert run.head()["fitted"]["skeleton"]["pairs"] == [["left_paw", "right_paw"]]


def test_it_answers_the_same_from_python(run: Run, folder: Path) -> None:
    predictor = zoo.load(run.folder)
    image = next(folder.glob("labels/video0/*.png"))
    poses = predictor(image)
    assert poses.names == NAMES
    assert poses.keypoints.shape == (1, 3, 3)
    again = predictor(np.asarray(Image.open(image))[None])
    np.testing.assert_allclose(again.keypoints, poses.keypoints, atol=1e-4)
    boxed = predictor.prepare(image, np.array([[10.0, 8, 50, 44], [0, 0, 64, 48]]))
    assert predictor.finish(boxed, predictor.answers(boxed)).keypoints.shape == (2, 3, 3)


def test_pictures_and_tables(run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = str(next(folder.glob("labels/video0/*.png")))
    assert (
        answered(["predict", str(run.folder), image, "--out", str(tmp_path / "pose.png"), "--score", "0"], monkeypatch)
        == 0
    )
    assert (np.asarray(Image.open(tmp_path / "pose.png")) != np.asarray(Image.open(image).convert("RGB"))).any()
    assert (
        answered(["predict", str(run.folder), str(folder / "labels"), "--out", str(tmp_path / "all")], monkeypatch) == 0
    )
    rows = list(csv.DictReader((tmp_path / "all" / "answers.csv").read_text().splitlines()))
    assert len(rows) == 16
    assert {"input", "individual", "score", "head/x", "left_paw/score"} <= set(rows[0])
    assert len(list((tmp_path / "all").glob("*_pose.png"))) == 16


def test_films(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", 64, 48, 25)
    for number in range(6):
        writer.add(np.repeat(figure(number)[0][..., None], 3, axis=2), number / 25)
    writer.close()
    words = ["predict", str(run.folder), str(tmp_path / "clip.mp4"), "--smooth", "2", "--out"]
    assert answered([*words, str(tmp_path / "a.csv")], monkeypatch) == 0
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [(row["frame"], row["individual"]) for row in rows] == [(str(i), "1") for i in range(6)]
    assert float(rows[5]["time"]) == pytest.approx(0.2, abs=1e-3)
    assert answered([*words, str(tmp_path / "a.jsonl")], monkeypatch) == 0
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[2])["frame"] == 2
    assert answered([*words, str(tmp_path / "drawn.mp4")], monkeypatch) == 0
    assert len(list(open_video(tmp_path / "drawn.mp4").frames())) == 6


def test_an_export_says_the_same(run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(["export", str(run.folder), "--out", str(tmp_path / "pose.onnx")], monkeypatch) == 0
    image = next(folder.glob("labels/video1/*.png"))
    one, other = (zoo.load(name)(image).keypoints for name in (run.folder, tmp_path / "pose.onnx"))
    np.testing.assert_allclose(one, other, atol=0.1)


def test_what_makes_no_sense_is_told(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = str(next(folder.glob("labels/video0/*.png")))
    for words, said in (
        (["--views", "4"], "say 1 or 2"),
        (["--smooth", "1"], "about the frames of a video"),
        (["--detector", str(run.folder)], "gives no boxes"),
    ):
        with pytest.raises((ZooError, SystemExit)) as caught:
            monkeypatch.setattr(sys, "argv", ["zoo", "predict", str(run.folder), image, *words])
            main()
        assert said in str(caught.value) or isinstance(caught.value, SystemExit)
