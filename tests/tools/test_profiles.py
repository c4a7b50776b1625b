"""Kept profiles: used again while nothing changed, measured again when something did."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from tests.fit.conftest import make_profile
from tools.data import profiles as profiles
from zoo.profile import Profile


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Profile]:
    """Every profile that was measured, not taken from the cache; each has another number of samples."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    made: list[Profile] = []

    def measure(cfg: DictConfig) -> Profile:
        made.append(make_profile(samples=len(made) + 1))
        return made[-1]

    monkeypatch.setattr(profiles, "measure", measure)
    return made


def config(root: Path, **changes: Any) -> DictConfig:
    return OmegaConf.create({"data": {"name": "folder", "root": str(root), "tile": 640, "batch_size": 8, **changes}})


def test_a_profile_is_measured_once(tmp_path: Path, measured: list[Profile]) -> None:
    root = tmp_path / "images"
    root.mkdir()
    (root / "a.txt").write_text("1", encoding="utf-8")
    first = profiles.profile_of(config(root))
    assert profiles.profile_of(config(root, batch_size=2)) == first
    assert len(measured) == 1


@pytest.mark.parametrize("change", ["tile", "file", "new file", "damage"])
def test_what_changes_the_data_is_measured_again(tmp_path: Path, measured: list[Profile], change: str) -> None:
    root = tmp_path / "images"
    root.mkdir()
    (root / "a.txt").write_text("1", encoding="utf-8")
    profiles.profile_of(config(root))
    if change == "file":
        (root / "a.txt").write_text("22", encoding="utf-8")
    elif change == "new file":
        (root / "b.txt").touch()
    elif change == "damage":
        kept = next((tmp_path / "cache" / "profiles").iterdir())
        kept.write_text(kept.read_text(encoding="utf-8")[:50], encoding="utf-8")
    again = profiles.profile_of(config(root, tile=320 if change == "tile" else 640))
    assert (len(measured), again.samples) == (2, 2)


def test_without_a_cache_it_is_measured_each_time(
    tmp_path: Path, measured: list[Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "file"))
    profiles.profile_of(config(tmp_path / "none"))
    assert profiles.profile_of(config(tmp_path / "none")).samples == 2


@pytest.mark.real
def test_real_data_fits_without_torch_once_it_was_measured(tmp_path: Path) -> None:
    program = (
        "import sys; from tools.cli import main\ntry: main()\nfinally: print('torch' in sys.modules, file=sys.stderr)"
    )
    words = [sys.executable, "-c", program, "fit", "ssd300", "--data", "satellite"]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    for _ in range(2):
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "False", done.stderr
    assert "tiles of 320, overlap 96" in done.stdout, "as a model that scales what it sees wants them"
