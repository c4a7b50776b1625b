"""Who may import whom, read off the source: the layout of the project is a test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import zoo
from zoo.registry.tasks import names

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


def compared_words(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the words that code chooses by: in comparisons, in cases of a match, as keys of a table, in lists of names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            parts = [node]
        elif isinstance(node, ast.match_case):
            parts = [node.pattern]
        elif isinstance(node, ast.Dict):
            parts = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Tuple | ast.List | ast.Set) and len(words_in(node) & set(names())) > 1:
            parts = [node]
        for part in parts:
            yield from ((getattr(node, "lineno", 0), word) for word in words_in(part))


def words_in(node: ast.AST) -> set[str]:
    constants = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
    return {word for word in constants if isinstance(word, str)}


#: Keys of a table that are called as a task is and mean something else: COCO's outlines, the word for a geometry, a
#: detector's loss of classes.
OTHER_MEANINGS = {
    "recipes/folder/formats/tables_writer.py": "segmentation",
    "zoo/fit/objects.py": "sequence",
    "recipes/folder/formats/voc.py": "pose",  # the view of an object, in VOC
    **{f"zoo/detection/{name}.py": "classification" for name in ("kestrel", "nanodet", "single_shot")},
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_asks_which_task_it_is(path: Path) -> None:
    """What differs from task to task is in its record, zoo/<task>/task.py; a ladder elsewhere would not know a new one."""
    name = path.relative_to(ROOT).as_posix()
    asked = [
        (line, word) for line, word in compared_words(path) if word in names() and OTHER_MEANINGS.get(name) != word
    ]
    assert not asked, f"{name} asks for a task by its name at {asked}; let the record of the task say it"
