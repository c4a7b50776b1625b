"""The wheel, used outside the checkout as someone who installed it does."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recipes.folder.tiny import make

ROOT = Path(__file__).parent.parent
PACKAGES = ("zoo", "tasks", "recipes", "configuration", "conf", "tools")
Zoo = Callable[..., str]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from a copy, with the setuptools that is here: a build leaves files behind, and fetches what it needs."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(out), str(source))
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pip("install", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture
def zoo(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    """Call the installed `zoo` in a folder of its own; returns what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(site))

    def call(*words: str) -> str:
        line = [sys.executable, str(site / "bin" / "zoo"), *words]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    files = [path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.*") if path.is_file()]
    wanted = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    assert not wanted - held
    assert not [name for name in held if name.startswith(("tests", "train"))]


def test_it_is_the_installed_code_that_runs(site: Path, zoo: Zoo) -> None:
    program = "import configuration, recipes, tasks, tools, zoo; print(configuration.__file__, zoo.__file__)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert all(Path(word).is_relative_to(site) for word in out.split())


def test_models_and_recipes_are_listed(zoo: Zoo) -> None:
    assert "kestrel_nano" in zoo("list")
    names = {recipe["name"] for recipe in json.loads(zoo("recipes", "--json"))}
    assert names == {path.stem for path in (ROOT / "recipes").glob("*.yaml")}


@pytest.mark.slow
def test_data_are_fitted_and_trained_on_anywhere(zoo: Zoo, tmp_path: Path) -> None:
    make(tmp_path / "data", "voc", images=8, size=64)
    data = [f"data.root={tmp_path / 'data'}", "data.crop=64", "data.tile=64", "data.overlap=16"]
    assert "kestrel_nano" in zoo("fit", *data, "--data", "folder", "--task", "detection")
    small = ["model.pretrained=false", "model.channels=16", "trainer.max_epochs=1", "trainer.workers=0"]
    out = zoo("train", "task=detection", "data=folder", *data, *small, "trainer.threads=1", "data.samples=4")
    run = next((tmp_path / "runs").glob("*/*"))
    assert str(run.relative_to(tmp_path)) in out
    assert "test/map_50" in json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_recipes_of_ones_own_stand_beside_it(zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine" / "recipes").mkdir(parents=True)
    choices = "defaults:\n  - override /task: detection\n  - override /data: satellite\n"
    recipe = f"# @package _global_\n# My trees.\n{choices}seed: 7\n"
    (tmp_path / "mine" / "recipes" / "my_trees.yaml").write_text(recipe, encoding="utf-8")
    monkeypatch.setenv("ZOO_PATH", str(tmp_path / "mine"))
    assert "my_trees" in zoo("recipes")
    assert "seed: 7" in zoo("train", "recipes=my_trees", "--cfg", "job")
