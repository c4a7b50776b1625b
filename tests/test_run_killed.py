"""A run that is killed at any stage and resumed ends bit for bit as the unbroken one."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from configuration.composition import compose, to_dict
from tests.killed_runs import KILLED, STAGES, assert_same, train_apart
from tests.pose.figures import figures, write_coco
from tests.recipes.folder import tiny
from tests.recipes.test_user_series import file
from tests.recipes.texts import topics, write_conll, write_table
from zoo.runs.run import Run

Case = Callable[[Path], list[str]]
COMMON = ["trainer.max_epochs=2", "trainer.check_val_every_n_epoch=1", "trainer.workers=0", "trainer.threads=1"]
COMMON += ["trainer.precision=32-true", "trainer.log_every_n_steps=1", "model.pretrained=false"]
TEXT = ["model.vocabulary=200", "model.embedded=16", "model.buckets=500"]
SERIES = ["task=sequence", "data=series", "data.columns.values=[x,y]", "data.columns.series=machine"]
SERIES += ["data.columns.time=hour", "data.window=10", "data.horizon=2", "data.ratios=[0.5,0.2,0.3]"]


def detection(folder: Path) -> list[str]:
    tiny.make(folder, "voc", images=8, size=64)
    small = [
        "data.crop=64",
        "data.tile=64",
        "data.overlap=16",
        "data.batch_size=2",
        "data.samples=6",
        "model.channels=16",
    ]
    return ["task=detection", "data=folder", f"data.root={folder}", *small]


def segmentation(folder: Path) -> list[str]:
    draw = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for index in range(8):
        mask = np.kron(draw.integers(0, 2, (4, 4)), np.ones((16, 16))).astype(np.uint8)
        mask[:2, :2], mask[-2:, -2:] = 0, 1
        pixels = 90 * mask[..., None] + draw.integers(0, 90, (64, 64, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"{index}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{index}.png")
    small = ["data.crop=32", "data.tile=64", "data.overlap=16", "data.batch_size=2", "data.samples=6"]
    model = ["model=unet_2015", "model.channels=[4,8,8,8,8]", "callbacks.checkpoint.select=best"]
    return ["task=segmentation", "data=folder", f"data.root={folder}", *small, *model]


def classification(folder: Path) -> list[str]:
    for name, low in (("dark", 0), ("bright", 150)):
        (folder / name).mkdir()
        for index in range(8):
            pixels = low + np.random.default_rng([low, index]).integers(0, 100, (24, 24, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{name}{index}.png")
    words = ["task=classification", "data=folder", f"data.root={folder}", "data.size=32", "data.batch_size=4"]
    drawn = ["augment=standard", "data.mixup=0.3", "data.cutmix=0.3", "data.sampling=balanced"]
    return [*words, *drawn, "model=timm/test_resnet", "task.head_epochs=1"]


def pose(folder: Path) -> list[str]:
    write_coco(folder / "keypoints.json", figures(folder, 16))
    words = ["task=pose", "data=folder", f"data.root={folder}", "data.size=64", "data.batch_size=4", "augment=pose"]
    return [*words, "model.backbone=timm/test_resnet", "model.channels=[16]"]


def classify(folder: Path) -> list[str]:
    path = write_table(folder / "t.csv", [("text", "label"), *topics(60)])
    words = ["task=sequence", "data=topics", f"data.root={path}", "model=textcnn", *TEXT, "model.filters=8"]
    return [*words, "data.batch_size=8"]


def classify_with_workers(folder: Path) -> list[str]:
    return [*classify(folder), "trainer.workers=2"]


def tag(folder: Path) -> list[str]:
    root = write_conll(folder / "conll", (40, 12, 12))
    return ["task=sequence", "data=entities", f"data.root={root}", *TEXT, "model.filters=8", "model.width=24"]


def translate(folder: Path) -> list[str]:
    rows = [(f"{i:04d}", " ".join(f"{i:04d}")) for i in range(0, 10000, 97)]
    path = write_table(folder / "t.csv", [("source", "target"), *rows])
    words = ["task=sequence", "data=translation", f"data.root={path}", "model=transformer", "model.layers=1"]
    return [
        *words,
        "data.target.kind=words",
        "model.width=32",
        "data.batch_size=16",
        "+task.objective_options.longest=6",
    ]


def transcribe(folder: Path) -> list[str]:
    for digit, speaker, take in np.ndindex(10, 4, 2):
        time = np.arange(1200 + 40 * take) / 8000
        wave = 0.3 * np.sin(2 * np.pi * (200 + 300 * digit + 5 * speaker) * time)
        soundfile.write(folder / f"{digit}_{'abcd'[speaker]}_{take}.wav", wave, 8000)
    words = ["task=sequence", "data=speech", f"data.root={folder}", "data.test_speakers=[d]"]
    words += ["data.val_speakers=[c]", "data.batch_size=8"]
    model = ["model=deep_speech2", "model.size=[8,16,1]", "data.samples=24"]
    return [*words, *model, "task.objective=transcribe", "data.sorted=true"]


def forecast(folder: Path) -> list[str]:
    return [*SERIES, f"data.root={file(folder)}", "task.objective=forecast", "model=lstm"]


def detect_anomalies(folder: Path) -> list[str]:
    return [
        *SERIES,
        f"data.root={file(folder)}",
        "task.objective=detect_anomalies",
        "model=autoencoder",
        "data.columns.label=bad",
    ]


@pytest.mark.parametrize(
    ("case", "stages"),
    [
        (classify, list(STAGES)),
        (detection, ["in the first epoch", "after the first save", "after the last epoch", "while drawing"]),
        (segmentation, ["between the two checkpoints", "in the last epoch", "in the test", "in the last write"]),
        (classification, ["in the first epoch", "between the two checkpoints", "in the test", "while drawing"]),
        (pose, ["in the first epoch", "in the last save", "in the test", "while drawing"]),
        (classify_with_workers, ["after the first save"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_run_that_is_killed_at_every_stage(case: Case, stages: list[str], tmp_path: Path) -> None:
    whole, killed = configs(case, tmp_path, "whole", "killed")
    assert train_apart(whole) == 0
    for name in stages:
        assert train_apart(killed, STAGES[name]) == KILLED, name
        assert not (tmp_path / "killed" / "metrics.json").exists(), name
    assert train_apart(killed) == 0
    assert_same(tmp_path / "whole", tmp_path / "killed")


def configs(case: Case, folder: Path, *names: str) -> list[dict[str, Any]]:
    """Return the configuration of the same run in folders of these names."""
    words = words_of(case, folder)
    return [in_folder(words, folder / name) for name in names]


def words_of(case: Case, folder: Path) -> list[str]:
    (folder / "data").mkdir()
    return [*case(folder / "data"), *COMMON]


def in_folder(words: list[str], run: Path) -> dict[str, Any]:
    return to_dict(compose([*words, f"run={run}"]))


#: Every way to train, and how often each is killed at random: 231 kills in all.
WAYS = (
    detection,
    segmentation,
    classification,
    pose,
    classify,
    classify_with_workers,
    tag,
    translate,
    transcribe,
    forecast,
    detect_anomalies,
)
KILLS = 21


@pytest.mark.kills
@pytest.mark.parametrize("case", WAYS)
def test_kills_at_any_moment(case: Case, tmp_path: Path) -> None:
    """Each way to train is killed `KILLS` times; how many ended as the unbroken run is printed (-s)."""
    words, draw, kills, runs = words_of(case, tmp_path), random.Random(0), 0, 0
    seconds = train_whole(in_folder(words, tmp_path / "whole"))
    while kills < KILLS:
        killed, before = in_folder(words, tmp_path / f"killed{kills}"), kills
        while (code := train_apart(killed, seconds=draw.uniform(0, 1.2 * seconds))) == KILLED:
            kills += 1
            if Run(Path(killed["run"])).finished:  # killed behind its last write: there is nothing to go on with
                break
        assert code in (0, KILLED)
        assert_same(tmp_path / "whole", tmp_path / f"killed{before}")
        runs += 1
        print(f"{case.__name__}: {kills} kills in {runs} runs, each the same as the unbroken one")
        if kills == before:  # nothing was killed: the machine is faster now
            seconds = train_whole(in_folder(words, tmp_path / "again"))
            shutil.rmtree(tmp_path / "again")
            shutil.rmtree(tmp_path / f"killed{before}")


def train_whole(config: dict[str, Any]) -> float:
    """Train without a kill; return the seconds that it took."""
    began = time.perf_counter()
    assert train_apart(config) == 0
    return time.perf_counter() - began
