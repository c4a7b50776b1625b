"""A run folder that travels, judged whole before it is pushed or kept: its parts are there, are data, and fit."""

import json
from pathlib import Path
from typing import Any

from tools.hub.parts import CARD, CONFIG, METRICS, PARTS, REQUIRED
from zoo.errors import ZooError
from zoo.registry import front_matter
from zoo.runs.inspection import TARGET, check_tensors
from zoo.runs.run import WEIGHTS, Run

#: Keys of a configuration that the tools for finished runs read.
KEYS = {
    "task": ("name",),
    "data": ("name", TARGET),
    "model": ("name",),
    "trainer": ("threads", "workers", "precision"),
}


def check_folder(folder: Path) -> None:
    """Judge a run folder; ZooError names the file and what is wrong with it."""
    for name in REQUIRED:
        if not (folder / name).is_file():
            raise ZooError(f"{folder} holds no {name}, so it is not a finished run")
    check_card(folder / CARD)
    run = Run(folder)
    check_keys(run.config, folder / CONFIG)
    for name in PARTS:
        if name.endswith(".json") and (folder / name).exists():
            check_json(folder / name)
    head, named = run.head(), run.config["model"]["name"]
    check_tensors(head, folder / WEIGHTS)
    if head["model"] != named:
        raise ZooError(f"{folder / WEIGHTS} are for {head['model']!r}, but {CONFIG} names {named!r}")


def check_card(path: Path) -> None:
    """Refuse a card that is too large, is not plain YAML, or names code. A run needs none."""
    if not path.exists():
        return
    facts, _ = front_matter.split(front_matter.load(path), path)
    if "build" in facts:
        raise ZooError(f"card {path} names code to import (build: {facts['build']!r}); a card from elsewhere may not")


def check_keys(config: dict[str, Any], path: Path) -> None:
    """Refuse a configuration without the keys that the tools for finished runs read."""
    for group, keys in KEYS.items():
        part = config.get(group)
        lacking = [key for key in keys if not isinstance(part, dict) or key not in part]
        if lacking:
            raise ZooError(f"{path} has no {group}.{lacking[0]}: it is not the configuration of a run")


def check_json(path: Path) -> None:
    """Refuse a file that is not a JSON object, and metrics that are not numbers."""
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ZooError(f"{path} is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise ZooError(f"{path} holds a {type(content).__name__}, expected an object")
    for key, value in content.items() if path.name == METRICS else ():
        number = isinstance(value, (int, float)) or value is None
        if key.startswith(("test/", "val/")) and not number:
            raise ZooError(f"{path}: {key} is {value!r}, expected a number")
