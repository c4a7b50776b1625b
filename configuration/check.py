"""A composed configuration held against what its keys may be, before anything is built of it.

What a key may be is said once: by the annotations of the constructor that takes it, by the options of the model's card,
or in `configuration.settings`. What does not fit is refused in one sentence with key, value, and what is allowed.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from hydra.utils import get_object
from pydantic import ConfigDict, TypeAdapter
from pydantic.errors import PydanticUserError

import zoo
from configuration.allowed import choices, describe, write
from configuration.resolvers import FOLLOWING
from configuration.settings import SETTINGS
from configuration.signature import settings_of
from zoo.errors import ZooError, near
from zoo.registry import tasks
from zoo.registry.card_roots import add_to_import_path
from zoo.runs.configuration import flat

#: What stands in a configuration where a value is missing.
MISSING = "???"
TARGET = "_target_"
OPTIONS = "objective_options"


def check_settings(config: Mapping[str, Any]) -> None:
    """Refuse a model that does not solve the task, and what no setting of a run or option of the model may be.

    Nothing heavy is imported for it.
    """
    options = zoo.card(config["model"]["name"], config["task"]["name"]).options
    kinds = {**SETTINGS, **{f"model.{name}": kind_of(default) for name, default in options.items()}}
    if objectives := tasks.task(config["task"]["name"]).objectives:
        kinds["task.objective"] = Literal[tuple(objectives)]
    settings = flat(config)
    problems: list[str] = []
    for key in kinds.keys() & settings.keys():  # another optimizer may have no such setting
        group, _, name = key.partition(".")
        follows = FOLLOWING.get(name) if group == "model" else None
        if follows is None or settings[key] != settings.get(follows):  # else it is checked where it was said
            problems += check_value(key, settings[key], kinds[key])
    refuse(sorted(problems))


def check_targets(config: Mapping[str, Any]) -> None:
    """Refuse what the constructors that a configuration names do not take."""
    add_to_import_path()
    trainer = {key: value for key, value in config["trainer"].items() if f"trainer.{key}" not in SETTINGS}
    problems = [*check_call("trainer", trainer, "pytorch_lightning.Trainer")]
    for group in (name for name in config if name != "task"):
        problems += check_node(group, config[group])
    data = {
        key: value for key, value in config["data"].items() if value != config.get("augment")
    }  # that is said already
    refuse([*problems, *check_data(data), *check_task(config["task"])])


def check_data(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings of a data module; one that lists no `records` of settings checks its own."""
    if hasattr(get_object(settings[TARGET]), "records"):
        yield from check_node("data", settings)


def check_task(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings of a task and of its objective, as the record of the task names their code."""
    record = tasks.task(settings["name"])
    known = {key: value for key, value in settings.items() if key not in ("name", OPTIONS)}
    yield from check_call("task", known, record.load("module"))
    if settings.get(OPTIONS):
        objective = record.objectives[settings["objective"]]
        yield from check_call(f"task.{OPTIONS}", settings[OPTIONS], record.resolve(objective.module))


def refuse(problems: Sequence[str]) -> None:
    """Raise what is wrong as one error, each problem once."""
    if problems:
        raise ZooError("; ".join(dict.fromkeys(problems)))


def check_node(key: str, node: Any) -> Iterator[str]:
    """Yield what is wrong with a part of a configuration and with the parts in it that are built apart."""
    if isinstance(node, Mapping) and TARGET in node:
        yield from check_call(key, {name: value for name, value in node.items() if name[0] != "_"}, node[TARGET])
    elif isinstance(node, Mapping | list):
        for name, inner in node.items() if isinstance(node, Mapping) else enumerate(node):
            yield from check_node(f"{key}.{name}", inner)


def check_call(key: str, given: Mapping[str, Any], target: str | Callable[..., Any]) -> Iterator[str]:
    """Yield what is wrong with the settings `given` to a class or function."""
    known = settings_of(target)
    for name, value in given.items():
        full = f"{key}.{name}"
        if is_built(value):
            yield from check_node(full, value)
        elif name in known.annotations:
            yield from check_value(full, value, known.annotations[name])
        elif not known.is_open:
            yield f"there is no key {full!r}{near(name, known.annotations)}"


def is_built(value: Any) -> bool:
    """Tell whether a value is built of a configuration of its own."""
    return (isinstance(value, Mapping) and TARGET in value) or (isinstance(value, list) and any(map(is_built, value)))


def check_value(key: str, value: Any, annotation: Any) -> Iterator[str]:
    """Yield what is wrong with a value, at most one sentence; of a mapping, one an entry."""
    mapping = next((kind for kind in (annotation, *get_args(annotation)) if is_mapping(kind)), None)
    if isinstance(value, Mapping) and mapping is not None:
        for name, inner in value.items():
            yield from check_value(f"{key}.{name}", inner, get_args(mapping)[1])
    elif value == MISSING or (value is None and not allows(annotation, None)):
        yield f"{key}=… is missing: {describe(annotation)}"
    elif not allows(annotation, value):
        quoted = f"; as a text, {key}='\"{value}\"'" if not isinstance(value, str) and allows(annotation, "x") else ""
        shown = repr(value) if isinstance(value, str) else write(value)
        yield f"{key}={shown}: {describe(annotation)}{near(str(value), map(str, choices(annotation))) or quoted}"


def allows(annotation: Any, value: Any) -> bool:
    """Tell whether an annotation allows a value as YAML has it: lists for tuples, texts for paths, no text for a number.

    Numbers are finite.
    """
    if annotation is Any:
        return True
    try:
        adapter = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # a type with a configuration of its own
        adapter = TypeAdapter(annotation)
    try:
        adapter.validate_json(json.dumps(value, default=str, allow_nan=False), strict=True)
    except ValueError:  # of pydantic, and of json where a number is not finite
        return False
    return True


def is_mapping(annotation: Any) -> bool:
    """Tell whether an annotation is that of a mapping with a type of its values."""
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping) and len(get_args(annotation)) == 2


def kind_of(default: Any) -> Any:
    """Return the annotation that the default of a model's option stands for."""
    if default is None:
        return Any
    if isinstance(default, list):
        kinds = {type(item) for item in default}
        if kinds == {int}:
            return list[int]
        return list[float] if kinds and kinds <= {int, float} else list[Any]
    return type(default)
