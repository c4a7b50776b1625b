"""`zoo evaluate`: what answers is asked as its kind is, and what it knows is held against the data by name."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from configuration.composition import compose, compose_for
from configuration.instantiation import task_answered_by, task_of
from tasks.detection import Detection
from tasks.objectives.dictation import Dictation
from tasks.sequence import Sequence
from tests.exports.opened import opened
from tests.exports.test_writers import whisper
from tools.predict import evaluate
from zoo.errors import ZooError
from zoo.inference.load import predictor_of

WORDS = ["task=detection", "data=vehicles", "trainer.threads=1"]


def detector(*classes: str) -> Detection:
    """Return the task of detection for data of these classes."""
    task = task_of(compose([*WORDS, "task.geometry=box"]), torch.nn.Identity(), classes, False)
    assert isinstance(task, Detection)
    return task


def test_objects_are_told_by_the_names_of_their_classes() -> None:
    found = {"boxes": torch.arange(16.0).view(4, 4), "scores": torch.ones(4), "labels": torch.tensor([0, 1, 2, 1])}
    task = detector("truck", "car")
    assert task.understands(["car", "person", "truck"])
    kept = task.among([found], ["car", "person", "truck"])[0]
    assert kept["labels"].tolist() == [1, 0]
    assert kept["boxes"].tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert kept["scores"].shape == (2,)
    assert not detector("truck", "boat").understands(["car", "person", "truck"])


def test_a_model_of_other_classes_is_refused_with_what_it_lacks() -> None:
    one = opened("kestrel_nano", {"name": "detection", "geometry": "box"}, pretrained=False)
    predictor = predictor_of(replace(one, classes=("car", "person", "truck")))
    with pytest.raises(ZooError, match=r"lacks boat of the data's classes; it knows car, person, truck\. Train model="):
        detector("truck", "boat").answered_by(predictor)
    with pytest.raises(ZooError, match="has other classes too"):
        task = task_of(compose(["task=classification", "data=cells"]), torch.nn.Identity(), ("car", "truck"), False)
        task.answered_by(predictor)


def test_what_writes_texts_by_itself_is_asked_for_texts() -> None:
    cfg = compose(["task=sequence", "data=prompts", "model=whisper_tiny_en", "trainer.threads=1"])
    task = task_answered_by(cfg, predictor_of(whisper()), ("<blank>", "a", "b"))
    assert isinstance(task, Sequence)
    assert isinstance(task.objective, Dictation)


def test_weights_without_a_run_are_tested_on_data_that_is_named(tmp_path: Path) -> None:
    one = opened("nanodet_g", {"name": "detection", "geometry": "box"}, pretrained=False)
    with pytest.raises(ZooError, match=r"no data of its own.*data=folder data.root="):
        evaluate.tested_as(one, [])
    seen = {"tile": 416, "overlap": 104, "resize": 416}
    cfg = compose_for("nanodet_g", one.task, seen, ["data=folder", f"data.root={tmp_path}"])
    assert (cfg.task.name, cfg.task.geometry, cfg.model.name) == ("detection", "box", "nanodet_g")
    assert (cfg.data.resize, cfg.data.crop, cfg.data.tile, cfg.data.overlap) == (416, 416, 416, 0)
    for word, looked in {
        "data.overlap=8": (416, 416, 416, 8),
        "data.resize=null": (None, None, 416, 104),  # tiles as the card has them, not the whole
        "data.resize=640": (640, 640, 640, 0),
    }.items():
        cfg = compose_for("nanodet_g", one.task, seen, ["data=folder", f"data.root={tmp_path}", word])
        assert (cfg.data.resize, cfg.data.crop, cfg.data.tile, cfg.data.overlap) == looked
