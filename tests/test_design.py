"""Who may import whom, read off the source: the layout of the project is a test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import zoo

ROOT = Path(__file__).parent.parent
#: What each part may import of ours.
RIGHTWARD = {
    "zoo": {"zoo"},
    "tasks": {"tasks", "zoo"},
    "recipes": {"recipes", "tasks", "zoo"},
    "configuration": {"configuration", "recipes", "tasks", "zoo"},
    "train": {"configuration"},
    "tools": {"tools", "configuration", "recipes", "tasks", "zoo"},
}
#: What each part must not know of the libraries.
STRANGERS = {
    "zoo": {"pytorch_lightning", "hydra", "omegaconf", "torchmetrics", "rasterio", "soundfile"},
    "tasks": {"hydra", "omegaconf", "rasterio", "soundfile", "timm"},
    "recipes": {"hydra", "omegaconf", "timm"},
    "configuration": {"pytorch_lightning", "rasterio", "soundfile", "timm"},
    "train": set(),
    "tools": {"hydra", "omegaconf"},
}
FILES = [
    path
    for part in ("zoo", "tasks", "recipes", "configuration", "tools")
    for path in sorted((ROOT / part).rglob("*.py"))
]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


@pytest.mark.parametrize("path", [*FILES, ROOT / "train.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_to_the_right(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for name in imported(path):
        first = name.split(".")[0]
        assert first not in STRANGERS[part], f"{path}: {part} must not know {first}"
        assert first not in RIGHTWARD or first in RIGHTWARD[part], f"{path} imports {name}"


def test_model_files_do_not_import_one_another() -> None:
    models = {card.build.split(":")[0] for card in zoo.cards().values() if card.task != "backbone"}
    for module in models:
        path = ROOT / (module.replace(".", "/") + ".py")
        assert not (set(imported(path)) & (models - {module})), path


def test_there_is_no_drawer() -> None:
    names = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert not names & {"utils", "core", "common", "helpers", "misc"}


def test_no_host_of_a_registry_and_no_path_of_a_machine_is_committed() -> None:
    hosts = ("pythonhosted" + ".org", "pypi" + ".org", "files." + "python")
    for path in [
        *FILES,
        ROOT / "train.py",
        *ROOT.glob("*.toml"),
        *ROOT.glob("*.txt"),
        *ROOT.glob("*.md"),
        ROOT / "Makefile",
    ]:
        text = path.read_text(encoding="utf-8")
        assert not any(host in text for host in hosts), path
        assert "/root/" not in text, path
