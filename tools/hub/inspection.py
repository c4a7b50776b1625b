"""A run folder from elsewhere, judged before any tool works on it: nothing in it may name code, and its parts must fit.

What is in a run folder is data. But `config.yaml` names the classes that a run is built of (`_target_`), and the head of
the weights names a model and its options; so each name must be one that this installation uses itself.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import zoo
from tools.hub.parts import CARD, CONFIG, METRICS, PARTS, REQUIRED
from zoo.errors import ZooError
from zoo.registry import front_matter
from zoo.registry.cards import Card
from zoo.runs.run import WEIGHTS, Run

HERE = Path(__file__).parents[2]
TARGET = "_target_"
#: Keys of a configuration that the tools for finished runs read.
KEYS = {
    "task": ("name",),
    "data": ("name", TARGET),
    "model": ("name",),
    "trainer": ("threads", "workers", "precision"),
}
#: An option may be so many times what the card says, where a model has to be built in memory to be judged.
MOST_TIMES = 100
_BUILDING = (RuntimeError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, MemoryError)


def check_folder(folder: Path) -> None:
    """Judge a run folder; ZooError names the file and what is wrong with it."""
    for name in REQUIRED:
        if not (folder / name).is_file():
            raise ZooError(f"{folder} holds no {name}, so it is not a finished run")
    check_card(folder / CARD)
    config = check_config(folder / CONFIG)
    for name in PARTS:
        if name.endswith(".json") and (folder / name).exists():
            check_json(folder / name)
    facts = check_weights(folder)
    if facts["model"] != config["model"]["name"]:
        raise ZooError(f"{folder / WEIGHTS} are for {facts['model']!r}, but {CONFIG} names {config['model']['name']!r}")


def check_card(path: Path) -> None:
    """Refuse a card that is too large, is not plain YAML, or names code. A run needs none."""
    if not path.exists():
        return
    facts, _ = front_matter.split(front_matter.load(path), path)
    if "build" in facts:
        raise ZooError(f"card {path} names code to import (build: {facts['build']!r}); a card from elsewhere may not")


def check_config(path: Path) -> dict[str, Any]:
    """Return the configuration, if it is plain, resolved, and names only classes that our own configurations name."""
    text = front_matter.load(path)
    try:
        check_plain(text, path)
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ZooError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from error
    for group, keys in KEYS.items():
        part = config.get(group) if isinstance(config, dict) else None
        lacking = [key for key in keys if not isinstance(part, dict) or key not in part]
        if lacking:
            raise ZooError(f"{path} has no {group}.{lacking[0]}: it is not the configuration of a run")
    for key, value in leaves(config):
        if "${" in key or (isinstance(value, str) and "${" in value):
            raise ZooError(f"{path}: {key} holds an interpolation, {value!r}; a finished run has none")
        if key.endswith(TARGET) and value not in targets():
            raise ZooError(f"{path}: {key} names {value!r}, which no configuration here names; it is not run")
    return config


def check_plain(text: str, path: Path) -> None:
    """Refuse YAML with tags or aliases, and such as is nested so deep that reading it takes half a minute."""
    depth = 0
    for event in yaml.parse(text, front_matter.LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None):
            raise ZooError(f"{path} holds the tag or alias {event}; a configuration here has plain values only")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > front_matter.MAX_DEPTH:
            raise ZooError(f"{path} is not plain YAML: it is nested deeper than {front_matter.MAX_DEPTH} levels")


def leaves(tree: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings and lists with their dotted keys."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from leaves(branch, f"{key}.{name}" if key else str(name))
    elif isinstance(tree, list):
        for i, branch in enumerate(tree):
            yield from leaves(branch, f"{key}.{i}")
    else:
        yield key, tree


@cache
def targets() -> frozenset[str]:
    """Return the classes that this installation's own configurations and recipes name."""
    files = [*(HERE / "conf").rglob("*.yaml"), *(HERE / "recipes").rglob("*.yaml")]
    return frozenset(name for path in files for name in re.findall(rf"{TARGET}: *([\w.]+)", path.read_text("utf-8")))


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


def check_weights(folder: Path) -> dict[str, Any]:
    """Return the head of the weights, if a registered model with those options has just these tensors."""
    path = folder / WEIGHTS
    try:
        facts = Run(folder).head()
    except (ValueError, RecursionError) as error:
        if isinstance(error, ZooError):
            raise
        raise ZooError(f"weights {path}: their head is not JSON ({error})") from error
    entry = check_head(facts, path)
    expected, actual = shapes_of(entry, facts, path), shapes_in(path)
    wrong = sorted(name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name))
    if wrong:
        name = wrong[0]
        raise ZooError(
            f"weights {path} do not fit {entry.name} with the options in their head: {len(wrong)} tensors differ, the "
            f"first is {name!r}: {actual.get(name, 'missing')} in the file, {expected.get(name, 'missing')} in the model"
        )
    return facts


def check_head(facts: Any, path: Path) -> Card:
    """Return the card of the model that the head names, if its options are the card's and of their types."""
    kinds = {"model": str, "options": dict, "classes": list, "bands": list}
    for key, kind in kinds.items():
        if not isinstance(facts, dict) or not isinstance(facts.get(key), kind):
            raise ZooError(f"weights {path}: their head must give {key!r} as a {kind.__name__}")
    for key in ("classes", "bands"):
        if not facts[key] or not all(isinstance(name, str) for name in facts[key]):
            raise ZooError(f"weights {path}: {key!r} in their head must be names, not {facts[key]!r}")
    try:
        entry = zoo.card(facts["model"])
    except ZooError as error:
        raise ZooError(f"weights {path} are for a model that is not registered here: {error}") from error
    for name, value in facts["options"].items():
        if name not in entry.options or not alike(entry.options[name], value):
            known = f"{entry.options[name]!r}" if name in entry.options else "no such option"
            raise ZooError(
                f"weights {path}: option {name}={value!r} does not fit {entry.name}, whose card says {known}"
            )
    return entry


def alike(default: Any, value: Any) -> bool:
    """Tell whether an option's value is of the kind that the card gives it."""
    if isinstance(default, list):
        return isinstance(value, list) and all(any(alike(kind, item) for kind in default) for item in value)
    if default is None:
        return value is None or isinstance(value, (bool, int, float, str))
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    return isinstance(value, (int, float) if isinstance(default, float) else type(default))


def shapes_of(entry: Card, facts: Mapping[str, Any], path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the model's tensors by name; where it allows it, the model is built without memory."""
    import torch

    options: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in facts["options"].items()}
    try:
        try:
            with torch.device("meta"):
                model = zoo.create(entry.name, classes=len(facts["classes"]), bands=facts["bands"], **options)
        except (RuntimeError, NotImplementedError) as error:
            if "meta" not in str(error):
                raise
            check_modest(entry, facts["options"], path)
            model = zoo.create(entry.name, classes=len(facts["classes"]), bands=facts["bands"], **options)
    except (*_BUILDING, ValueError) as error:
        raise ZooError(
            f"weights {path}: {entry.name} cannot be built with the options in their head: {error}"
        ) from error
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def check_modest(entry: Card, options: Mapping[str, Any], path: Path) -> None:
    """Refuse options that would make a model much larger than its card says."""
    for name, value in options.items():
        default = entry.options[name]
        if (
            isinstance(value, (int, float))
            and isinstance(default, (int, float))
            and abs(value) > MOST_TIMES * max(abs(default), 1)
        ):
            raise ZooError(f"weights {path}: option {name}={value} is far from {default}, which {entry.name} has")


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors in a safetensors file by name, without reading them."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
