"""What is in a run folder is data, whoever brought it: each name in it must be one that this installation uses itself.

`config.yaml` names the classes that a run is built of (`_target_`), and the head of the weights names a model and its
options. `Run` looks at both whenever it reads them, so that no tool works on what was not judged.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from zoo.errors import ZooError
from zoo.registry import front_matter
from zoo.registry.card_roots import ROOT, card_roots
from zoo.registry.cards import Card
from zoo.registry.option_limits import check_modest

TARGET = "_target_"
_BUILDING = (
    RuntimeError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    ValueError,
)


def read_config(path: Path) -> dict[str, Any]:
    """Return a run's configuration, if it is plain, resolved, and names only classes that our own configurations name."""
    config = read_plain(path)
    if not isinstance(config, dict):
        raise ZooError(f"{path} has no task.name: it is not the configuration of a run")
    refuse_foreign_names(config, path)
    return config


def read_plain(path: Path) -> Any:
    """Return what is in a YAML file without tags and aliases."""
    text = front_matter.load(path)
    try:
        refuse_tags(text, path)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ZooError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from error


def refuse_tags(text: str, path: Path) -> None:
    """Refuse YAML with tags or aliases, and such as is nested so deep that reading it takes half a minute."""
    depth = 0
    for event in yaml.parse(text, front_matter.LOADER):
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or tag:
            what = "an alias" if isinstance(event, yaml.AliasEvent) else f"the tag {tag!r}"
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ZooError(f"{path}, line {line}: {what} is not allowed; a configuration here has plain values only")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > front_matter.MAX_DEPTH:
            raise ZooError(f"{path} is not plain YAML: it is nested deeper than {front_matter.MAX_DEPTH} levels")


def refuse_foreign_names(config: Mapping[str, Any], where: object) -> None:
    """Refuse a configuration that names a class which no configuration here names, or holds an interpolation."""
    known = targets((ROOT.parent, *(root.folder for root in card_roots() if root.folder != ROOT)))
    for key, value in leaves(config):
        if "${" in key or (isinstance(value, str) and "${" in value):
            raise ZooError(f"{where}: {key} holds an interpolation, {value!r}; the configuration of a run has none")
        if key.endswith(TARGET) and value not in known:
            raise ZooError(
                f"{where}: {key} names {value!r}, which no configuration here names; it is not run. "
                "If it is your own, name it in a .yaml below conf/ of a folder in ZOO_PATH"
            )


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
def targets(roots: Iterable[Path]) -> frozenset[str]:
    """Return the classes that the configurations and recipes in these folders name."""
    files = [path for root in roots for part in ("conf", "recipes") for path in (root / part).rglob("*.yaml")]
    return frozenset(name for path in files for name in re.findall(rf"{TARGET}: *([\w.]+)", path.read_text("utf-8")))


def check_head(facts: Any, path: Path) -> Card:
    """Return the card of the model that the head names, if its options are the card's and of their types."""
    from zoo.registry.models import card

    kinds = {"model": str, "options": dict, "classes": list, "bands": list}
    for key, kind in kinds.items():
        if not isinstance(facts, dict) or not isinstance(facts.get(key), kind):
            raise ZooError(f"weights {path}: their head must give {key!r} as a {kind.__name__}")
    for key in ("classes", "bands"):
        nameless = key == "bands" and not facts[key]  # a forecast knows no classes
        if nameless or not all(isinstance(name, str) for name in facts[key]):
            raise ZooError(f"weights {path}: {key!r} in their head must be names, not {facts[key]!r}")
    try:
        entry = card(facts["model"])
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


def check_tensors(facts: Mapping[str, Any], path: Path) -> None:
    """Refuse weights whose tensors are not just those of the model in their head; their values are not read."""
    check_shapes(facts, shapes_in(path), path)


def check_shapes(
    facts: Mapping[str, Any],
    actual: Mapping[str, tuple[int, ...]],
    path: Path,
    ranks: Mapping[str, int] | None = None,
) -> None:
    """Refuse tensors, by the shapes that they have in a file, that are not just those of the model in its head.

    `ranks` are those of layers that the model has in two thin ones, by name.
    """
    entry = check_head(facts, path)
    expected = shapes_of(entry, facts, path, ranks or {})
    wrong = sorted(name for name in expected.keys() | actual.keys() if not fits(expected.get(name), actual.get(name)))
    if wrong:
        name = wrong[0]
        raise ZooError(
            f"weights {path} do not fit {entry.name} with the options in their head: {len(wrong)} tensors differ, the "
            f"first is {name!r}: {actual.get(name, 'missing')} in the file, {expected.get(name, 'missing')} in the model"
        )


def fits(expected: tuple[int, ...] | None, actual: tuple[int, ...] | None) -> bool:
    """Tell whether a tensor has the shape that is expected; where that has a 0 any length will do, as of a vocabulary."""
    if expected is None or actual is None or len(expected) != len(actual):
        return False
    return all(own in (0, other) for own, other in zip(expected, actual, strict=True))


def shapes_of(
    entry: Card, facts: Mapping[str, Any], path: Path, ranks: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the model's tensors by name; where it allows it, the model is built without memory."""
    import torch

    from zoo.compression.low_rank import shape_as
    from zoo.factory import rebuild

    check_modest(entry, facts["options"], f"weights {path}: option ")
    try:
        try:
            with torch.device("meta"):
                model = rebuild(facts)
                shape_as(model, ranks)
        except (RuntimeError, NotImplementedError) as error:
            if "meta" not in str(error):
                raise
            model = rebuild(facts)
            shape_as(model, ranks)
    except _BUILDING as error:
        raise ZooError(f"weights {path}: {entry.name} cannot be built as their head says: {error}") from error
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors in a safetensors file by name, without reading them."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
