"""Run folders: what is written is whole or absent, and what is read is checked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import zoo
from zoo.errors import ZooError
from zoo.runs import Run, abandoned, fresh, write_json, written

HEAD = {
    "model": "kestrel_nano",
    "options": {"channels": 16, "backbone": "tf_efficientnet_lite0"},
    "classes": ["tree"],
    "bands": ["red", "green", "blue", "nir"],
}


def saved(folder: Path) -> tuple[Run, torch.nn.Module]:
    model = zoo.create("kestrel_nano", classes=1, bands=HEAD["bands"], channels=16)
    run = Run(folder)
    run.save_model(model, HEAD)
    return run, model.eval()


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    run, model = saved(tmp_path)
    again = run.load_model()
    images = torch.rand(1, 4, 64, 64)
    with torch.no_grad():
        before, after = model(images)[0], again(images)[0]
    for key in ("boxes", "scores", "labels"):
        assert torch.equal(before[key], after[key])


def test_a_cut_file_of_weights_is_said(tmp_path: Path) -> None:
    run, _ = saved(tmp_path)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ZooError, match="damaged"):
        run.load_model()


def test_an_unfinished_run_says_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="resume="):
        Run(tmp_path).head()
    with pytest.raises(ZooError, match="resume="):
        _ = Run(tmp_path).metrics
    with pytest.raises(ZooError, match="start it anew"):
        _ = Run(tmp_path).checkpoint


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    target = tmp_path / "metrics.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), written(target) as part:
        part.write_text("ne")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_what_killed_processes_left_is_told_from_the_rest(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [tmp_path / f".a[1].{ended.pid}.part.csv{end}" for end in ("", "-wal")]
    others = [
        f".a[1].{os.getpid()}.part.csv",
        ".a[1].b.part.csv",
        f".a1.{ended.pid}.part.csv",
        f".a[1].{ended.pid}.csv",
    ]
    for path in (*left, *(tmp_path / name for name in others)):
        path.touch()
    assert sorted(abandoned(tmp_path / others[0])) == left


def test_a_full_disk_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="No space left on device"), written(tmp_path / "weights") as part:
        part.write_text("half")
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_run_is_found_by_the_end_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for time in ("2026-01-01_00-00-00", "2026-01-02_00-00-00"):
        folder = tmp_path / "runs" / "detection-trees-kestrel" / time
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("seed: 0\n")
    assert Run.find("detection-trees-kestrel").folder.name == "2026-01-02_00-00-00"
    assert Run.find("2026-01-01_00-00-00").folder.name == "2026-01-01_00-00-00"
    with pytest.raises(ZooError, match="did you mean detection-trees-kestrel"):
        Run.find("detection-tree-kestrel")


def test_a_metric_that_is_not_defined_is_null(tmp_path: Path) -> None:
    write_json(tmp_path / "metrics.json", {"test/iou": float("nan"), "nested": [{"a": float("inf")}, 1.5, "NaN"]})
    read = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert read == {"test/iou": None, "nested": [{"a": None}, 1.5, "NaN"]}


def test_commands_of_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = [fresh(tmp_path / "runs", "-seed0") for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and folder.name.endswith("-seed0") for folder in folders)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ZooError, match="cannot make the folder"):
        fresh(tmp_path / "file" / "runs")
