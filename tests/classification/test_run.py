"""A run over a folder of one's own, from training to the map of a large image; timm's networks by name."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

import zoo
from configuration.composition import compose, to_dict
from configuration.training import main as train
from tools.cli import main
from zoo.errors import ZooError
from zoo.inference.exported import of_export
from zoo.runs.run import Run

SMALL = ["trainer.workers=0", "trainer.threads=1", "trainer.precision=32-true", "model.pretrained=false"]


def picture(bright: bool, number: int, size: int = 24) -> np.ndarray:
    """A picture (H, W, 3) that is bright or dark, with noise of its own."""
    noise = np.random.default_rng([number, bright]).integers(0, 60, (size, size, 3))
    return (noise + (180 if bright else 10)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for name, bright in (("dark", False), ("bright", True)):
        (root / name).mkdir()
        for number in range(16):
            Image.fromarray(picture(bright, number)).save(root / name / f"{name}{number}.png")
    return root


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    target = tmp_path_factory.mktemp("runs") / "run"
    words = ["task=classification", "data=folder", f"data.root={folder}", "model=timm/test_resnet", "data.size=32"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py"])
        assert train([*words, *SMALL, "task.probe=true", "augment=none", f"run={target}"]) == 0
    return Run(target)


def test_all_ways_of_training_go_together(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py"])
    words = [
        "task=classification",
        "data=folder",
        f"data.root={folder}",
        "model=squeezenet1_1",
        "augment=heavy",
        *SMALL,
    ]
    drawn = ["data.mixup=0.3", "data.cutmix=0.3", "data.sampling=balanced", "data.size=32", "data.batch_size=4"]
    asked = ["task.head_epochs=1", "task.class_weights=balanced", "task.objective=grade", "trainer.max_epochs=2"]
    assert train([*words, *drawn, *asked, f"run={tmp_path / 'run'}"]) == 0
    metrics = Run(tmp_path / "run").metrics
    assert metrics["headline"] == "test/kappa"
    assert np.isfinite(metrics["test/mae"])


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def test_it_learns_what_is_plain_and_keeps_its_temperature(run: Run) -> None:
    assert run.metrics["headline"] == "test/accuracy"
    assert run.metrics["test/accuracy"] > run.metrics["test/accuracy_majority"]
    assert run.head()["learnt"]["temperature"] > 0
    assert {path.name for path in (run.folder / "plots").iterdir()} >= {
        "calibration.png", "confusion.png", "looks.png", "worst.png",
    }  # fmt: skip
    assert "pipeline_tag: image-classification" in (run.folder / "README.md").read_text(encoding="utf-8")


def test_evaluation_says_what_training_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "evaluate", str(run.folder), "--json")
    found = json.loads(out)
    assert code == 0
    for name in ("accuracy", "calibration_error", "log_likelihood", "accuracy_majority"):
        assert found[f"test/{name}"] == pytest.approx(run.metrics[f"test/{name}"], abs=1e-5)


def test_images_are_answered_into_a_table_and_from_python(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, errors = call(capsys, "predict", str(run.folder), str(folder), "--out", str(tmp_path / "a.csv"))
    assert code == 0, errors
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    right = [row["label"] == Path(row["input"]).parent.name for row in rows]
    assert sum(right) / len(right) > 0.8
    one = zoo.load(run.folder)(picture(True, 99).transpose(2, 0, 1))
    assert one.label == "bright"
    assert sum(one.probabilities.values()) == pytest.approx(1.0, abs=1e-5)


def test_a_large_image_becomes_a_map_on_the_ground(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    scene = np.concatenate([picture(False, 1, 96), picture(True, 2, 96)], axis=1).transpose(2, 0, 1)
    profile = {"driver": "GTiff", "width": 192, "height": 96, "count": 3, "dtype": "uint8", "crs": "EPSG:32616"}
    transform = rasterio.Affine(0.5, 0, 1000, 0, -0.5, 5000)
    with rasterio.open(tmp_path / "scene.tif", "w", transform=transform, photometric="RGB", **profile) as raster:
        raster.write(scene)
    words = ["predict", str(run.folder), str(tmp_path / "scene.tif"), "--out", str(tmp_path / "map.tif")]
    code, _, errors = call(capsys, *words)
    assert code == 0, errors
    with rasterio.open(tmp_path / "map.tif") as raster:
        heat, place = raster.read(), raster.transform
        assert (raster.crs.to_epsg(), raster.descriptions) == (32616, ("bright", "dark"))
    assert heat.shape == (2, 7, 15)  # windows of 24 pixels every 12
    assert (place.a, place.c, place.f) == (6.0, 1003.0, 4997.0)
    dark, bright = heat[0, :, :6].mean(), heat[0, :, -6:].mean()
    assert bright > dark + 50
    code, _, errors = call(capsys, *words, "--force", "--tile", "500")
    assert (code, "do not slide over 192 × 96 pixels" in errors) == (2, True)


@pytest.mark.parametrize("ending", [".xml", ".onnx"])
def test_an_export_answers_as_the_run(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"bright{ending}"
    code, said, errors = call(capsys, "export", str(run.folder), "--out", str(out), "--samples", "4")
    assert code == 0, errors
    assert "4 samples of the run's test data" in said
    image = picture(True, 99, 57).transpose(2, 0, 1)
    mine, other = zoo.load(run.folder, backend="torch")(image), zoo.load(out)(image)
    assert other.probabilities == pytest.approx(mine.probabilities, abs=1e-4)
    runner = of_export(out).build().run
    (raw,) = runner((image / np.float32(255))[None])["probabilities"]  # of any size, as others use the file
    assert dict(zip(("bright", "dark"), raw.tolist(), strict=True)) == pytest.approx(mine.probabilities, abs=1e-3)
    code, said, errors = call(capsys, "evaluate", str(out), "--json")
    assert code == 0, errors
    assert json.loads(said)["test/accuracy"] == run.metrics["test/accuracy"]


def test_data_check_and_fit_know_the_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, errors = call(capsys, "data", "check", str(folder))
    assert (code, "32 images" in out) == (0, True), errors
    code, out, _ = call(capsys, "data", "profile", str(folder), "--json")
    assert (code, json.loads(out)["task"]) == (0, "classification")
    (folder / "scratch").mkdir()
    code, out, _ = call(capsys, "data", "check", str(folder))
    (folder / "scratch").rmdir()
    assert (code, "1 class folder has no image: scratch" in out) == (1, True)


def test_a_network_of_timm_is_composed_by_its_name() -> None:
    config = to_dict(compose(["task=classification", "data=cells", "model=timm/resnet18.a1_in1k"]))
    assert config["model"] == {"name": "timm/resnet18.a1_in1k", "pretrained": True, "timm_name": "resnet18"}
    with pytest.raises(ZooError, match="timm has no model 'resnet19'"):
        compose(["task=classification", "data=cells", "model=timm/resnet19"])
