"""A finished run to push and to pull, and the hub of this machine."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

import zoo
from tests.sources.conftest import cache, hub, pauses, web  # noqa: F401
from tests.sources.hub_server import HubServer
from tools.cli import main
from zoo.runs.run import Run

HEAD: dict[str, Any] = {
    "model": "kestrel_nano",
    "options": {"channels": 16, "backbone": "tf_efficientnet_lite0", "strides": [8, 16]},
    "classes": ["tree"],
    "bands": ["red", "green", "blue"],
}
CONFIG: dict[str, Any] = {
    "task": {"name": "detection", "geometry": "box"},
    "data": {"name": "satellite", "_target_": "recipes.satellite.trees.TreeCrowns", "tile": 640, "overlap": 96},
    "model": {"name": "kestrel_nano", "pretrained": True},
    "trainer": {"threads": 1, "workers": 0, "precision": "32-true"},
    "seed": 0,
}
CARD = "---\nlibrary_name: task-zoo\nlicense: apache-2.0\nmodel-index: []\n---\n\n# Kestrel for satellite\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

Zoo = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a small detector, with the recipe of the model in their head."""
    folder = tmp_path_factory.mktemp("weights")
    model = zoo.create(HEAD["model"], classes=1, bands=HEAD["bands"], **{**HEAD["options"], "strides": (8, 16)})
    Run(folder).save_model(model, HEAD)
    return folder / "weights.safetensors"


@pytest.fixture
def run(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run in a folder of the test's own, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "detection-satellite-kestrel_nano" / "2026-01-31_12-00-00"
    for name in ("plots", "checkpoints", "logs"):
        (folder / name).mkdir(parents=True)
    shutil.copyfile(weights, folder / "weights.safetensors")
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "README.md").write_text(CARD)
    for name, content in {"metrics": {"test/map_50": 0.5, "seed": 0}, "profile": {"data": "x"}, "fit": {}}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "plots" / "training.png").write_bytes(PNG)
    (folder / "checkpoints" / "last.ckpt").write_bytes(bytes(1000))
    (folder / "logs" / "metrics.csv").write_text("step\n")
    return folder


@pytest.fixture
def parts(run: Path) -> dict[str, bytes]:
    """What a push of the run puts into a repository."""
    names = ["README.md", "config.yaml", "metrics.json", "profile.json", "fit.json", "plots/training.png"]
    return {name: (run / name).read_bytes() for name in [*names, "weights.safetensors"]}


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str]) -> Zoo:
    """Call `zoo …` in this process; returns the exit code, the output and the errors."""

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(words)
        out, errors = capsys.readouterr()
        return int(left.value.code or 0), out, errors

    return call


def pulled_folders(root: Path) -> Sequence[Path]:
    """Return the run folders below runs/hub, finished or not."""
    return sorted(path for path in (root / "runs" / "hub").glob("*/*") if path.is_dir())


def logged_in(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Log in to the hub of the test."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
