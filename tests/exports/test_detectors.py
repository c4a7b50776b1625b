"""zoo export: what is written says what the trained model says, suppression of rotated boxes is ours, and what disagrees
is not kept."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

import zoo
from tools.cli import main
from zoo.detection import proof
from zoo.detection.export import EXPORTER
from zoo.detection.fixed_graph import best
from zoo.detection.geometry import geometry as geometry_named
from zoo.detection.rotated_iou import rotated_iou
from zoo.detection.suppression import Suppression
from zoo.errors import ZooError
from zoo.exports.images import spots
from zoo.exports.runners import core
from zoo.inference.exported import facts_of, of_export
from zoo.inference.opened import of_run
from zoo.runs.run import Run

BANDS, CLASSES = ("red", "green", "blue", "nir"), ("ship", "aircraft")


def run_in(folder: Path, geometry: str, seed: int = 0, model: str = "kestrel_nano") -> Run:
    """A run of an untrained model whose scores and boxes differ as after training; its data is not there."""
    options = {"geometry": geometry, "strides": [8], "channels": 16, "views": 2} if model == "kestrel_nano" else {}
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "_target_": "recipes.folder.boxes.module.FolderDetection",
        "name": "folder",
        "augment": None,
        "root": "not_there",
        "tile": 64,
        "value_range": [0, 2048],
    }
    config = {"task": {"name": "detection", "geometry": geometry}, "data": data, "model": {"name": model, **options}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    head = {"model": model, "options": options, "classes": CLASSES, "bands": BANDS}
    if model != "kestrel_nano":
        Run(folder).save_model(nn.Linear(1, 1), head)
        return Run(folder)
    torch.manual_seed(seed)
    network: Any = zoo.create(model, classes=len(CLASSES), bands=BANDS, **{**options, "strides": (8,)})
    nn.init.normal_(network.head.logits.weight, std=1.0)
    nn.init.normal_(network.head.code.weight, std=0.3)
    Run(folder).save_model(network, head)
    return Run(folder)


def exported(run: Run, out: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["export", str(run.folder), "--out", str(out), *words])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run with rotated boxes, and its export for OpenVINO."""
    folder = tmp_path_factory.mktemp("rotated")
    run = run_in(folder / "run", "rotated_box")
    assert exported(run, folder / "out" / "ships.xml") == 0
    return run, folder / "out" / "ships.xml"


def differences(run: Run, out: Path, images: torch.Tensor) -> Any:
    with torch.inference_mode():
        model, opened = run.load_model(), of_run(run)
        return EXPORTER.differences(model, of_export(out).build(), (images,), facts_of(opened, model))


def test_openvino_says_what_the_model_says(rotated: tuple[Run, Path]) -> None:
    images = np.random.default_rng(7).random((3, 4, 64, 64), np.float32)
    found = differences(*rotated, torch.from_numpy(images))
    assert found.disagreement() == ""
    assert found.trained > 50
    assert found.score < 1e-4


SIGNALLED = """
import gc, signal, sys
from pathlib import Path
import numpy
from zoo.exports.formats import OpenVino

runners = [OpenVino().runner(Path(sys.argv[1]), True) for _ in range(2)]
for one in runners:
    one(numpy.zeros((1, 4, 64, 64), numpy.float32))
while runners:
    del runners[0]
    gc.collect()
signal.signal(signal.SIGINT, lambda number, frame: print("interrupted"))
signal.raise_signal(signal.SIGINT)
"""


def test_a_signal_is_handled_when_exports_have_run(rotated: tuple[Run, Path]) -> None:
    ended = subprocess.run([sys.executable, "-c", SIGNALLED, rotated[1]], stdout=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stdout) == (0, "interrupted\n")


def test_openvino_knows_what_it_is(rotated: tuple[Run, Path]) -> None:
    import openvino

    out = rotated[1]
    assert sorted(path.name for path in out.parent.iterdir()) == ["ships.bin", "ships.xml"]
    model = openvino.Core().read_model(out)
    names = ("classes", "bands", "geometry", "tile", "labels", "task_type")
    facts = {name: model.get_rt_info(["model_info", name]).astype(str) for name in names}
    assert json.loads(facts["classes"]) == list(CLASSES)
    assert json.loads(facts["bands"]) == list(BANDS)
    assert (facts["geometry"], facts["tile"]) == ("rotated_box", "64")
    assert (facts["labels"], facts["task_type"]) == ("ship aircraft", "detection")
    assert "counter-clockwise" in model.get_rt_info(["model_info", "box"]).astype(str)
    assert [output.any_name for output in model.outputs] == ["boxes", "scores", "labels", "dense_boxes", "dense_scores"]


def test_onnx_says_what_the_model_says(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    import onnx

    run, out = run_in(tmp_path / "run", "box"), tmp_path / "ships.onnx"
    assert exported(run, out) == 0
    assert "compared on random inputs, as the run's test data cannot be had" in capsys.readouterr().out
    found = differences(run, out, spots(2, 4, 64, 64))
    assert found.disagreement() == ""
    assert found.trained > 50
    facts = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    assert json.loads(facts["bands"]) == list(BANDS)
    assert (facts["value_range"], facts["views"]) == ("[0, 2048]", "2")
    with pytest.raises(ZooError, match="images of 4 bands and 64 × 64 pixels, not of"):
        of_export(out).build()(torch.zeros(1, 4, 96, 96))
    with pytest.raises(ZooError, match="views=8 cannot be changed"):
        zoo.load(out, backend="auto", views=8)


def test_rotated_boxes_of_onnx_are_chosen_here(rotated: tuple[Run, Path], tmp_path: Path) -> None:
    assert exported(rotated[0], tmp_path / "ships.onnx") == 0
    found = differences(rotated[0], tmp_path / "ships.onnx", spots(2, 4, 64, 64))
    assert found.trained > 50
    assert found.alone == 0


def test_what_is_there_is_not_replaced(rotated: tuple[Run, Path], capsys: pytest.CaptureFixture) -> None:
    before = rotated[1].read_bytes()
    assert exported(*rotated) == 2
    assert "--force" in capsys.readouterr().err
    assert rotated[1].read_bytes() == before


@pytest.mark.parametrize(
    ("model", "out", "said"),
    [
        ("faster_rcnn", "a.xml", "model 'faster_rcnn' has no export as openvino"),
        ("kestrel_nano", "a.pt", "unknown suffix '.pt'"),
    ],
)
def test_what_cannot_be_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture, model: str, out: str, said: str
) -> None:
    assert exported(run_in(tmp_path, "box", model=model), tmp_path / out) == 2
    assert said in capsys.readouterr().err


SUPPRESSIONS = {kind: Suppression(kind, 0.5, 0.05, 1000) for kind in ("box", "rotated_box")}


@pytest.fixture(scope="module")
def suppressing() -> dict[str, Any]:
    """The suppression of each geometry, by OpenVINO: boxes (B, P, D), scores (B, K, P) to scores."""
    import openvino
    import openvino.opset13 as op

    compiled = {}
    for kind, size in (("box", 4), ("rotated_box", 5)):
        boxes = op.parameter([-1, -1, size], np.float32, name="boxes")
        scores = op.parameter([-1, -1, -1], np.float32, name="scores")
        model = openvino.Model([SUPPRESSIONS[kind].openvino(boxes, scores)], [boxes, scores], "suppression")
        compiled[kind] = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled


def boxes_of(rng: np.random.Generator, count: int) -> torch.Tensor:
    """Rotated boxes (N, 5) in a crowd: slim, nearly square and square ones, and angles at the ends of their range."""
    sides = rng.uniform(6, 40, (count, 1)) * np.exp(rng.normal(0, rng.choice([0, 1e-3, 0.02, 0.7], (count, 2))))
    turn = np.where(
        rng.random(count) < 0.4, rng.choice([-90, -89.999, -45, 0, 45, 89.999], count), rng.uniform(-90, 90, count)
    )
    return torch.from_numpy(np.column_stack([rng.uniform(0, 100, (count, 2)), sides, turn]).astype(np.float32))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("kind", ["box", "rotated_box"])
def test_suppression_is_ours(suppressing: dict[str, Any], kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = boxes_of(rng, 120)
    if kind == "box":
        boxes = torch.cat((boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]), dim=1)
    geometry = geometry_named(kind)
    assume(not ((geometry.iou(boxes, boxes) - 0.5).abs() < 1e-4).any())  # rounding may decide there
    scores = rng.permutation(120 * 2).reshape(1, 2, 120).astype(np.float32) / 240
    left = next(iter(suppressing[kind]([boxes[None].numpy(), scores]).values()))
    labels, places = np.nonzero(scores[0] > 0.05)
    stay = geometry.suppress(boxes[places], torch.from_numpy(scores[0, labels, places]), torch.from_numpy(labels), 0.5)
    want = np.zeros_like(scores)
    want[0, labels[stay], places[stay]] = scores[0, labels[stay], places[stay]]
    np.testing.assert_array_equal(left, want)


def test_angles_turn_the_same_way(suppressing: dict[str, Any]) -> None:
    """Two slim boxes, end to end along a slope: turned the other way, they would lie across each other's ends."""
    boxes = torch.tensor([[50.0, 50, 40, 4, 30], [56.93, 46, 40, 4, 30], [50, 50, 40, 4, -30]])
    assert rotated_iou(boxes, boxes)[0, 1] > 0.5 > rotated_iou(boxes, boxes)[0, 2]
    left = next(iter(suppressing["rotated_box"]([boxes[None].numpy(), np.float32([[[0.9, 0.8, 0.7]]])]).values()))
    np.testing.assert_allclose(left, [[[0.9, 0, 0.7]]])


def test_pairs_are_found_however_a_box_is_written() -> None:
    boxes = np.array([[50.0, 50, 20, 20.001, -90], [10, 10, 8, 4, 89.9999]])
    again = np.array([[50.0, 50, 20.001, 20, 0], [10, 10, 8, 4, -90]])
    scores, labels = np.array([0.9, 0.8]), np.array([0, 1])
    assert proof.alone((boxes, scores, labels), (again, scores, labels)) == 0
    assert proof.alone((boxes, scores, labels), (again, scores, labels[::-1])) == 2
    assert proof.alone((boxes, scores, labels), (again + np.array([0, 0, 0, 0, 20]), scores, labels)) == 2
    assert proof.alone((boxes, scores, labels), (again[:1], scores[:1], labels[:1])) == 1
    nothing = proof.chosen_differences((boxes, scores, labels), (boxes[:0], scores[:0], labels[:0]))
    assert "2 detections, 0 exported" in nothing.disagreement()


def test_what_is_no_number_is_no_agreement() -> None:
    boxes, scores = np.zeros((1, 3, 4), np.float32), np.full((1, 3, 1), 0.5, np.float32)
    same = {"dense_boxes": boxes, "dense_scores": scores}
    assert proof.dense_differences(same, same, 0.1).disagreement() == ""
    for name in same:
        broken = {**same, name: np.full_like(same[name], np.nan)}
        assert (proof.Differences() + proof.dense_differences(same, broken, 0.1)).disagreement()


def test_best_of_fewer_than_asked_for() -> None:
    values, places = best(torch.tensor([[0.2, 0.7]]), 3)
    assert values.tolist() == [[pytest.approx(0.7), pytest.approx(0.2), 0.0]]
    assert places[0, :2].tolist() == [1, 0]
