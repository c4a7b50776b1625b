"""Runs over series from the command line's words to their folders, on tiny files: solved for, trained, foreseen, watched."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from configuration.composition import compose
from configuration.training import train
from tests.recipes.test_series import slopes, write
from tests.recipes.test_user_series import file
from tools.predict.evaluate import evaluate
from zoo.runs.run import Run

# Lightning still asks torch in an old way: https://github.com/Lightning-AI/pytorch-lightning/issues/21326
pytestmark = pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated:FutureWarning")


def run(folder: Path, *words: str) -> dict[str, Any]:
    """Carry a run out with few epochs and return its metrics."""
    settings = ["task=sequence", "trainer.max_epochs=2", "trainer.check_val_every_n_epoch=1", "trainer.threads=1"]
    train(compose([*settings, *words, f"run={folder}"]))
    return json.loads((folder / "metrics.json").read_text())


def test_a_model_that_is_solved_for_takes_no_steps(tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"Tiny_{part}.ts", slopes(n, seed)) for part, n, seed in (("TRAIN", 24, 0), ("TEST", 20, 1))
    ]
    words = ["data=sensors", f"data.root=[{files[0]},{files[1]}]", "data.samples=null"]
    metrics = run(tmp_path / "run", *words)
    assert metrics["test/accuracy"] > 0.9
    assert not (tmp_path / "run" / "checkpoints").exists()
    assert "solved    for 24 samples at once" in (tmp_path / "run" / "logs" / "console.txt").read_text()
    model = Run(tmp_path / "run").load_model()
    assert model(torch.randn(1, 15, 2), torch.tensor([15])).shape == (1, 2)


@pytest.mark.filterwarnings("ignore:most .* normal steps of the validation have the score 0:UserWarning")  # so short
@pytest.mark.parametrize(
    ("objective", "words", "metric"),
    [
        ("tag", ["model=tcn", "data.columns.label=state"], "test/f1"),
        ("forecast", ["model=lstm", "data.window=10", "data.horizon=2", "data.ratios=[0.5,0.2,0.3]"], "test/mase"),
        (
            "detect_anomalies",
            ["model=windowed_gaussian", "data.columns.label=bad", "data.ratios=[0.5,0.2,0.3]"],
            "test/auc_pr",
        ),
    ],
)
def test_the_users_own_table(tmp_path: Path, objective: str, words: list[str], metric: str) -> None:
    own = ["data=series", f"data.root={file(tmp_path)}", "data.columns.values=[x,y]", "data.columns.series=machine"]
    metrics = run(tmp_path / "run", f"task.objective={objective}", *own, "data.columns.time=hour", *words)
    assert np.isfinite(metrics[metric])
    if objective == "detect_anomalies":
        assert evaluate(Run(tmp_path / "run"), [])["test/threshold"] == metrics["test/threshold"], (
            "kept with the weights"
        )
    assert list((tmp_path / "run" / "plots").glob("*.png"))
