"""A run from the command line to its folder, on the real chip, far too short to be any good."""

import json
from pathlib import Path

import pytest
import torch

from configuration.composition import compose
from configuration.instantiation import data_of, task_of
from configuration.training import train
from zoo.runs.run import Run


@pytest.mark.real
def test_a_run_leaves_metrics_pictures_and_a_model_that_says_the_same(tmp_path: Path) -> None:
    words = ["task=segmentation", "data=satellite", "model.pretrained=false", "model.decoder_channels=[16,8,8]"]
    words += [
        "trainer.max_epochs=1",
        "trainer.precision=32-true",
        "data.samples=2",
        "data.batch_size=2",
        "data.crop=64",
    ]
    cfg = compose([*words, f"run={tmp_path / 'run'}"])
    train(cfg)
    folder = tmp_path / "run"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert {"test/iou", "test/miou", "test/dice", "test/accuracy", "test/iou/background"} <= metrics.keys()
    pictures = {path.name for path in (folder / "plots").iterdir()}
    assert {"scene_atlanta_test.png", "worst_parts.png", "best_parts.png"} <= pictures
    # the saved model, evaluated again, gives the metrics of the run
    data = data_of(cfg)
    data.setup()
    task = task_of(cfg, Run(folder).load_model(), data.classes, False).eval()
    with torch.no_grad():
        for batch in data.test_dataloader():
            task.update(batch, "test")
    again = task.compute("test")
    assert again["accuracy"] == pytest.approx(metrics["test/accuracy"], abs=1e-3)
    assert again["iou"] == pytest.approx(metrics["test/iou"], abs=1e-3)
    assert sum(len(result.truth.ravel()) for result in task.results) == 388 * 692
