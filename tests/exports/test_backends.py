"""A run answers by its export where that agrees; it is made once, remade when it must be, and an export is opened as a run."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import zoo
from recipes.inference.segmentation import SegmentationPredictor
from tests.exports.opened import BANDS, CLASSES, lively
from tools.bench import made
from tools.cli import main
from zoo.errors import ZooError
from zoo.inference import backends
from zoo.inference.exported import export, of_export
from zoo.inference.opened import of_run
from zoo.runs.run import Run


def write(folder: Path, seed: int) -> Run:
    """Write a run of a tiny network whose weights are as after training."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {"channels": [8, 16], "norm": True}
    torch.manual_seed(seed)
    model = zoo.create("unet_2015", classes=len(CLASSES), bands=BANDS, channels=(8, 16), norm=True).eval()
    lively(model)
    config = {
        "task": {"name": "segmentation"},
        "data": {"tile": 64, "overlap": 16},
        "model": {"name": "unet_2015", **options},
        "trainer": {"threads": 1, "workers": 0, "precision": "32-true"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    Run(folder).save_model(model, {"model": "unet_2015", "options": options, "classes": CLASSES, "bands": BANDS})
    return Run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has answered once by its export."""
    one = write(tmp_path_factory.mktemp("runs") / "run", 0)
    found = backends.answering(of_run(one), "auto")
    assert "made now" in found.notes[0], found.notes
    return one


def kept(run: Run) -> list[Path]:
    return sorted((run.folder / backends.FOLDER).glob("*.xml"))


def test_the_export_answers_as_the_run(run: Run, tmp_path: Path) -> None:
    trained, fast = zoo.load(run.folder, backend="torch"), zoo.load(run.folder, backend="auto")
    assert isinstance(fast, SegmentationPredictor)
    assert (trained.metadata.runtime, fast.metadata.runtime.split()[0]) == ("PyTorch", "OpenVINO")
    image = np.random.default_rng(0).integers(0, 256, (3, 150, 97), np.uint8)
    for size in (1, 2, 3, 31):  # also smaller than what was traced
        small = torch.rand(2, 3, size, size + 1)
        with torch.inference_mode():
            torch.testing.assert_close(fast.engine.model(small), trained.engine.model(small), rtol=1e-4, atol=1e-4)
    for tile in (64, 96):
        masks = [one(image, tile=tile, overlap=16).mask for one in (trained, fast)]
        assert (masks[0] == masks[1]).mean() > 0.999


def test_it_is_made_once_and_remade_for_other_weights(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(run)
    stamp = before[0].stat().st_mtime_ns
    assert "made now" not in backends.answering(of_run(run), "auto").notes[0]
    assert kept(run)[0].stat().st_mtime_ns == stamp
    content = before[0].read_bytes()
    before[0].write_bytes(content[:-20])
    said: list[str] = []
    assert "made now" in backends.answering(of_run(run), "auto", say=said.append).notes[0], "a cut export is made anew"
    assert [line.split()[-1] for line in said] == ["anew", "without"]
    theirs = run.folder / backends.FOLDER / "ships.onnx"
    theirs.write_bytes(b"an export that a user put here")
    write(run.folder, 1)
    assert "made now" in backends.answering(of_run(run), "auto").notes[0], "other weights have another export"
    assert theirs.exists()
    assert len(kept(run)) == 1
    assert kept(run) != before
    monkeypatch.setattr(backends, "version", lambda name: "another")
    assert backends.key_of(of_run(run)) != kept(run)[0].stem


def test_what_does_not_agree_answers_by_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = write(tmp_path / "run", 2)
    calls: list[Path] = []

    def disagrees(opened: object, out: Path, **options: object) -> list[str]:
        calls.append(out)
        out.parent.mkdir(exist_ok=True)
        raise ZooError("the export does not say what the model says")

    monkeypatch.setattr(backends, "export", disagrees)
    for _ in range(2):
        found = backends.answering(of_run(one), "auto")
        assert (found.runtime, found.notes) == (
            "PyTorch",
            ("answers by PyTorch: the export does not say what the model says",),
        )
    assert len(calls) == 1, "what was refused is not tried again"
    with pytest.raises(ZooError, match="does not say what the model says"):
        backends.answering(of_run(one), "openvino")
    with pytest.raises(ZooError, match="--backend tpu is not known"):
        backends.answering(of_run(one), "tpu")


def test_the_command_line_takes_an_export_for_a_run(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "network.onnx"
    list(export(of_run(run), out))
    opened = of_export(out)
    assert (opened.classes, opened.bands, opened.data["tile"]) == (CLASSES, BANDS, 64)
    scene = made.scene(tmp_path / "scene.tif", 200, BANDS)
    words = ["--tile", "96", "--overlap", "32"]
    for number, (name, more) in enumerate(((run.folder, ["--backend", "openvino"]), (run.folder, []), (out, []))):
        with pytest.raises(SystemExit) as left:
            main(["predict", str(name), str(scene), "--out", str(tmp_path / f"{number}.tif"), *words, *more])
        assert not left.value.code, capsys.readouterr()
        assert ("answers by OpenVINO" in capsys.readouterr().out) == (number == 0)
    import rasterio

    masks = [rasterio.open(tmp_path / f"{number}.tif").read(1) for number in range(3)]
    assert (masks[0] == masks[1]).mean() > 0.999
    assert (masks[2] == masks[1]).mean() > 0.999
    with pytest.raises(ZooError, match="--backend openvino does not run"):
        backends.answering(opened, "openvino")


def test_a_program_of_pytorch_is_proven_too(run: Run, tmp_path: Path) -> None:
    said = list(export(of_run(run), tmp_path / "network.pt2"))
    assert "differ by up to" in said[0]
    program = torch.export.load(str(tmp_path / "network.pt2"))
    images = torch.rand(1, 3, 64, 32)
    with torch.inference_mode():
        torch.testing.assert_close(program.module()(images), run.load_model()(images), rtol=1e-4, atol=1e-4)


def test_published_weights_answer_by_pytorch_until_a_form_is_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    opened = replace(of_run(run), weights=None, published=zoo.card("silero_vad").weights[0])
    found = backends.answering(opened, "auto")
    assert (found.runtime, found.notes) == (
        "PyTorch",
        ("answers by PyTorch: --backend openvino makes a faster form, once, and keeps it",),
    )
    assert "made now" in backends.answering(opened, "openvino").notes[0]
    again = backends.answering(opened, "auto")
    assert again.runtime.startswith("OpenVINO")
    assert str(tmp_path) in again.notes[0]
    other = zoo.card("silero_vad").weights[0].model_copy(update={"trained_on": "other data"})
    assert backends.answering(replace(opened, published=other), "auto").runtime == "PyTorch"


def test_what_has_no_folder_answers_by_pytorch(run: Run) -> None:
    found = backends.answering(replace(of_run(run), weights=None), "auto")
    assert found.runtime == "PyTorch"
    assert "no folder in which an export could be kept" in found.notes[0]
    assert json.dumps(found.notes)
