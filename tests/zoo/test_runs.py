"""Run folders: a run is found by its name, comes back as it was saved, and what is read of it is checked."""

from pathlib import Path

import pytest
import torch

import zoo
from zoo.errors import ZooError
from zoo.runs.run import Run

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
