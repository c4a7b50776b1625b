"""Finished runs: what a run folder measured and drew, as far as a page shows it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.catalogue.recipe import Recipe
from zoo.errors import ZooError
from zoo.registry.cards import Card
from zoo.runs.run import is_run

#: A page shows at most so many pictures of a run.
MOST_PICTURES = 8


@dataclass(frozen=True)
class Finished:
    """A run with metrics. `metrics` are those of the test split; `pictures` are its drawings, by name."""

    folder: Path
    model: str
    data: str
    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    facts: Mapping[str, str]
    pictures: Sequence[Path]

    @property
    def name(self) -> str:
        """The two last parts of the folder: what was run, and when."""
        return f"{self.folder.parent.name}/{self.folder.name}"


def newest(
    root: Path, cards: Mapping[str, Card], recipes: Mapping[str, Recipe]
) -> tuple[dict[str, Finished], dict[str, Finished]]:
    """Return the newest finished run below `root` of each model and of each recipe, by name."""
    if not root.is_dir():
        raise ZooError(f"--runs {str(root)!r} is no folder; train.py writes its runs to runs/")
    of_models: dict[str, Finished] = {}
    of_recipes: dict[str, Finished] = {}
    folders = sorted((path.parent for path in root.glob("*/*/config.yaml")), key=lambda folder: folder.name)
    for run in filter(None, map(read, folders)):  # the oldest first, so that the newest stays
        if run.model in cards:
            of_models[run.model] = run
        for name, recipe in recipes.items():
            if run.folder.parent.name == f"reproduce-{name}" or recipe.composes(run.config):
                of_recipes[name] = run
    return of_models, of_recipes


def read(folder: Path) -> Finished | None:
    """Read the run in `folder`; None when it did not finish."""
    if not is_run(folder) or not (folder / "metrics.json").is_file():
        return None
    config = _mapping(folder / "config.yaml", yaml.safe_load, yaml.YAMLError)
    metrics = _mapping(folder / "metrics.json", json.loads, ValueError)
    tested = {
        name.removeprefix("test/"): float(value)
        for name, value in sorted(metrics.items())
        if name.startswith("test/") and isinstance(value, (int, float))
    }
    return Finished(
        folder=folder,
        model=str(_named(config, "model")),
        data=str(_named(config, "data")),
        config=config,
        metrics=tested,
        facts=_facts(config, metrics),
        pictures=sorted((folder / "plots").glob("*.png"))[:MOST_PICTURES],
    )


def _mapping(path: Path, parse: Any, error: type[Exception]) -> dict[str, Any]:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, error) as problem:
        raise ZooError(f"run file {path} cannot be read: {problem}; take the run out of --runs") from problem
    if not isinstance(content, dict):
        raise ZooError(f"run file {path} holds a {type(content).__name__}, not a mapping; take the run out of --runs")
    return content


def _named(config: Mapping[str, Any], group: str) -> Any:
    part = config.get(group)
    return part.get("name", "") if isinstance(part, dict) else ""


def _facts(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return what has to be known to judge the numbers, in words."""
    trainer, machine = config.get("trainer"), metrics.get("hardware")
    hardware = machine if isinstance(machine, dict) else {}
    found = {
        "epochs": trainer.get("max_epochs") if isinstance(trainer, dict) else None,
        "seed": metrics.get("seed"),
        "weights kept": metrics.get("selected"),
        "seconds": metrics.get("seconds"),
        "samples a second": metrics.get("samples_per_second"),
        "hardware": hardware.get("processor"),
        "threads": hardware.get("threads"),
        "precision": hardware.get("precision"),
        "code": metrics.get("git"),
    }
    return {key: str(value) for key, value in found.items() if value is not None}
