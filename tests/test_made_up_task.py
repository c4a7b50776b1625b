"""A new task is its own files and nothing else: a folder in ZOO_PATH holds one, and every command knows it."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import zoo
from configuration.training import main as train
from tools.cli import main
from zoo.registry.tasks import names, task
from zoo.runs.run import Run

ROOT = Path(__file__).parent / "made_up_task"


@pytest.fixture(scope="module", autouse=True)
def _added(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_PATH", str(ROOT))
        patch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(sys, "path", [*sys.path])
        patch.setattr(sys, "argv", ["zoo"])
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, _added: None) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    small = ["data.samples=8", "trainer.max_epochs=1", "trainer.workers=0", "trainer.threads=1"]
    assert train(["recipes=dots_quick", f"run={folder}", *small]) == 0
    return Run(folder)


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Call a command of `zoo`; return exit code, output and errors."""
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def test_it_is_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert "counting" in names()
    assert task("counting").model == "dot_counter"
    code, out, _ = call(capsys, "list", "--task", "counting", "--json")
    assert (code, [row["name"] for row in json.loads(out)]) == (0, ["dot_counter"])
    code, out, _ = call(capsys, "show", "dot_counter")
    assert (code, "python train.py task=counting data=dots model=dot_counter" in out) == (0, True)
    code, out, _ = call(capsys, "recipes", "--task", "counting", "--json")
    assert (code, [row["name"] for row in json.loads(out)]) == (0, ["dots_quick"])
    code, _, errors = call(capsys, "list", "--task", "countin")
    assert (code, "did you mean counting" in errors) == (2, True)


def test_its_card_is_recomputed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "card", "check", "dot_counter", "--recompute", "--json")
    found = {row["field"]: row["level"] for row in json.loads(out)}
    assert code == 0
    assert [found[field] for field in ("parameters", "output", "adapts.classes", "adapts.bands")] == ["holds"] * 4


def test_its_data_are_checked_profiled_and_held_against_the_card(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for split in ("train", "val", "test"):
        (tmp_path / split).mkdir()
        np.save(tmp_path / split / "0_a.npy", np.zeros((16, 16), np.float32))
    words = ["task=counting", "data=dots", f"data.root={tmp_path}", "trainer.workers=0"]
    code, out, _ = call(capsys, "data", "check", *words)
    assert (code, "3 pictures, 0 dots" in out) == (0, True)
    (tmp_path / "val" / "2_b.npy").write_text("no array")
    code, out, _ = call(capsys, "data", "check", *words)
    assert (code, f"val 1: picture {tmp_path}/val/2_b.npy cannot be read" in out) == (1, True)
    code, out, _ = call(capsys, "data", "profile", *words, "--json")
    assert (code, json.loads(out)["task"]) == (0, "counting")
    code, _, errors = call(
        capsys, "data", "check", str(tmp_path)
    )  # its files are known, and data=folder has no such task
    assert (code, "task=counting fits data=dots" in errors) == (2, True)
    code, out, _ = call(capsys, "fit", "dot_counter", "--data", "dots")
    assert (code, "89 parameters" in out) == (0, True)
    code, out, _ = call(capsys, "fit", "--task", "counting", "--data", "dots", "--json")
    assert (code, [row["name"] for row in json.loads(out)]) == (0, ["dot_counter"])


def test_it_is_trained_and_evaluated(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.metrics["headline"] == "test/mae"
    assert np.isfinite(run.metrics["test/mae"])
    assert (run.folder / "plots" / "counts.png").exists()
    assert "pipeline_tag: image-feature-extraction" in (run.folder / "README.md").read_text(encoding="utf-8")
    said = (run.folder / "logs" / "console.txt").read_text(encoding="utf-8")
    assert "pictures a second" in said
    assert f"zoo predict {run.folder} NEW.npy" in " ".join(said.split())
    code, out, _ = call(capsys, "evaluate", str(run.folder), "--json")
    assert (code, json.loads(out)["test/mae"]) == (0, pytest.approx(run.metrics["test/mae"], abs=1e-5))


def test_it_predicts(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = np.zeros((16, 16), np.float32)
    picture[3, 4] = 1.0
    np.save(tmp_path / "new.npy", picture)
    code, _, errors = call(
        capsys, "predict", str(run.folder), str(tmp_path / "new.npy"), "--out", str(tmp_path / "a.csv")
    )
    assert code == 0, errors
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answer = zoo.load(run.folder)(picture)
    assert float(rows[0]["count"]) == pytest.approx(answer.count, rel=1e-4)


def test_what_it_has_not_is_refused_in_a_sentence(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, errors = call(capsys, "export", str(run.folder), "--out", str(tmp_path / "model.onnx"))
    assert code == 2
    assert "is for task counting, which has no export; zoo export knows classification, detection" in errors
    assert train(["task=countin", "data=dots"]) == 2
    assert "did you mean counting" in capsys.readouterr().err
