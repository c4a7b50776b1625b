"""Run folders: a run is found by its name, comes back as it was saved, and what is read of it is checked."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import zoo
from zoo.errors import ZooError
from zoo.runs.run import Run
from zoo.sources.tensors import open_weights, safetensors_of

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
    assert not Run(tmp_path).begun


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


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    run, model = saved(tmp_path)
    before = (tmp_path / "weights.safetensors").read_bytes()
    for _ in range(5):
        run.save_model(model, HEAD)
        assert (tmp_path / "weights.safetensors").read_bytes() == before
    tensors = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(tensors[name], tensor) for name, tensor in model.state_dict().items())
    umask = os.umask(0o027)
    try:
        run.save_model(model, HEAD)
    finally:
        os.umask(umask)
    assert (tmp_path / "weights.safetensors").stat().st_mode & 0o777 == 0o640


def test_weights_with_nan_are_neither_written_nor_loaded(tmp_path: Path) -> None:
    run, model = saved(tmp_path)
    before = (tmp_path / "weights.safetensors").read_bytes()
    name, weight = next(iter(model.named_parameters()))
    with torch.no_grad():
        weight.view(-1)[0] = torch.nan
    with pytest.raises(ZooError, match=f"1 of .* tensors hold NaN, the first is '{name}'; lower optimizer.lr"):
        run.save_model(model, HEAD)
    assert (tmp_path / "weights.safetensors").read_bytes() == before
    content = safetensors_of(model.state_dict(), {"zoo": json.dumps(HEAD)})
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(ZooError, match="hold NaN, .* pull or train them again"):
        run.load_model()
    with pytest.raises(ZooError, match="hold NaN"):
        open_weights(tmp_path / "weights.safetensors")


def test_what_a_foreign_folder_names_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "config.yaml").write_text("data: {_target_: mine.Data}\n")
    with pytest.raises(ZooError, match="data._target_ names 'mine.Data', which no configuration here names"):
        _ = Run(tmp_path).config
    monkeypatch.setenv("ZOO_PATH", str(tmp_path))
    (tmp_path / "conf" / "mine.yaml").write_text("_target_: mine.Data\n")
    assert Run(tmp_path).config == {"data": {"_target_": "mine.Data"}}
    (tmp_path / "config.yaml").write_text("task: !!python/object/apply:os.system [id]\n")
    with pytest.raises(ZooError, match="the tag .* is not allowed|an alias is not allowed"):
        _ = Run(tmp_path).config
    with pytest.raises(ZooError, match="os.system"):
        Run(tmp_path).open({"data": {"_target_": "os.system"}})


def test_a_configuration_that_says_a_thing_twice_can_be_read_again(tmp_path: Path) -> None:
    shares = [0.8, 0.2]
    Run(tmp_path).open({"a": shares, "b": shares})
    assert Run(tmp_path).config == {"a": shares, "b": shares}


def test_a_folder_is_for_one_training_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.runs.run.PATIENCE", 0.1)
    run = Run(tmp_path / "run")
    with run.claim():
        second = Run(tmp_path / ".." / tmp_path.name / "run")
        with pytest.raises(ZooError, match="another training writes into it; choose another folder"), second.claim():
            pass
        run.open({})
    assert sorted(path.name for path in run.folder.iterdir()) == ["config.yaml", "logs"]
    with pytest.raises(RuntimeError), Run(tmp_path / "refused").claim():
        raise RuntimeError
    assert not (tmp_path / "refused").exists()


def test_a_run_whose_first_save_failed_has_two_ways_on(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.open({})
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / ".last.ckpt.1.part").touch()
    run.refuse_trained()  # run= begins it anew
    run.refuse_finished()  # and so does resume=
    assert not run.begun
    run.open({})
    assert not list((tmp_path / "checkpoints").iterdir())
    run.checkpoint.touch()
    with pytest.raises(ZooError, match="holds a run already; choose another folder, or go on with it: resume="):
        run.refuse_trained()
