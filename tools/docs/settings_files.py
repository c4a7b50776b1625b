"""The files below conf/ as a reader sees them: each setting with its default and the comment behind it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from configuration.groups import CONF

TARGET = "_target_"


class Setting(NamedTuple):
    """A setting: its full key, and default and comment as they stand in the file."""

    key: str
    default: str
    comment: str


def about(path: Path) -> str:
    """Return the comment at the head of a file."""
    head = re.match(r"(?:#.*\n)*", path.read_text(encoding="utf-8"))
    lines = [line.lstrip("# ") for line in (head[0] if head else "").splitlines()]
    said = " ".join(line for line in lines if not line.startswith("@package"))
    return said[:1].upper() + said[1:]


def settings_of_file(path: Path, prefix: str, task: str = "") -> Mapping[str, Setting]:
    """Return the settings of a file and of the files in its defaults list, by full key.

    `prefix` is where the file's content lies in the configuration, but where the file says so itself. What a file brings
    with it by `override` is a setting of that name. A comment holds for a setting until another file says another.
    """
    found: dict[str, Setting] = {}
    items = yaml.safe_load(path.read_text(encoding="utf-8")).get("defaults", [])
    for item in items if "_self_" in items else [*items, "_self_"]:
        if item == "_self_":
            found = over(found, own_settings(path, prefix))
        else:
            found = over(found, settings_of_default(item, path, prefix, task))
    return found


def own_settings(path: Path, prefix: str) -> Mapping[str, Setting]:
    """Return the settings that stand in a file itself, by full key; its `@package` comes before `prefix`."""
    text = path.read_text(encoding="utf-8")
    if package := re.match(r"# @package (\S+)", text):
        prefix = "" if package[1] == "_global_" else package[1]
    root = yaml.compose(text)
    return {} if root is None else {one.key: one for one in walk(root, text, prefix)}


def settings_of_default(item: str | Mapping[str, str], path: Path, prefix: str, task: str) -> Mapping[str, Setting]:
    """Return what one entry of a defaults list adds."""
    group, name = next(iter(item.items())) if isinstance(item, Mapping) else ("", item)
    name = name.replace("${task}", task)
    if group.startswith("override /"):
        key = group.removeprefix("override /")
        return {key: Setting(key, name, "")}
    full = f"{group.partition('@')[0]}/{name.partition('@')[0]}" if group else name.partition("@")[0]
    file = CONF / f"{full[1:]}.yaml" if full.startswith("/") else path.parent / f"{full}.yaml"
    return settings_of_file(file, prefix, task)


def over(first: Mapping[str, Setting], second: Mapping[str, Setting]) -> dict[str, Setting]:
    """Return the settings of two files, the second laid over the first."""
    kept = {key: one for key, one in first.items() if key not in second}
    told = {
        k: one if one.comment or k not in first else one._replace(comment=first[k].comment) for k, one in second.items()
    }
    return {**told, **kept}


def walk(node: yaml.Node, text: str, prefix: str) -> Iterator[Setting]:
    """Yield the settings of a mapping; a list of more than one line is none."""
    for name, value in node.value:
        key = f"{prefix}.{name.value}".lstrip(".")
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            yield from walk(value, text, key)
        elif isinstance(value, yaml.ScalarNode) or value.flow_style:
            written = text[value.start_mark.index : value.end_mark.index]
            rest = text.splitlines()[value.end_mark.line][value.end_mark.column :]
            yield Setting(key, written, rest.partition("#")[2].strip())
