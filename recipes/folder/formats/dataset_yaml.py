"""The `data.yaml` of Ultralytics and Roboflow: names of the classes, and what each split consists of."""

import re
from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import Any

import yaml

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.numbers import whole
from recipes.folder.tree import SPLIT_WORDS, Tree, join, key
from zoo.errors import ZooError

USUAL = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml")


@dataclass(frozen=True)
class DatasetYaml:
    """Names by class number, and the folders or lists of each split as written; `base` is what they are relative to."""

    rel: str
    base: str
    names: dict[int, str]
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)


def descriptions(tree: Tree) -> list[str]:
    """Return the YAML files with names of classes, those with a usual name where there are some."""
    near = [rel for rel in tree.ending(".yaml", ".yml") if rel.count("/") <= 1]
    files = [rel for rel in near if re.search(r"names['\"]?\s*:", tree.text(rel))]
    return [rel for rel in files if key(basename(rel)) in USUAL] or files


def find(tree: Tree) -> str | None:
    """Return the YAML file with names of classes; several are an error that names them."""
    files = descriptions(tree)
    if len(files) > 1:
        raise ZooError(f"{tree.root} holds several YOLO descriptions ({', '.join(files[:4])}); keep the one to use")
    return files[0] if files else None


def read(builder: AnnotationBuilder, rel: str) -> DatasetYaml:
    """Read the file; `path` is followed only inside data.root."""
    content = load(builder.tree, rel)
    names = class_names(content.get("names"), rel)
    if content.get("nc") not in (None, "", str(len(names))):
        raise ZooError(f"{rel}: nc is {brief(content['nc'])} and names are {len(names)}; make them agree")
    splits = {}
    for split, words in SPLIT_WORDS.items():
        word = next((word for word in words if content.get(word)), None)
        if word:
            splits[split] = places(content[word], f"{rel}, {word}")
    return DatasetYaml(rel, base_of(builder, rel, content.get("path")), names, splits)


def load(tree: Tree, rel: str) -> dict[str, Any]:
    """Return the mapping in a YAML file, read without tags that make objects: every value is a text."""
    try:
        content = yaml.load(tree.text(rel), Loader=yaml.BaseLoader)  # texts alone: a class may be called no

    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ZooError(f"{rel}, line {line}: {error.problem}; mend the YAML") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ZooError(
            f"{rel}, line 1: {str(error) or 'nested too deeply'}; mend the YAML".replace("\n", " ")
        ) from error
    if not isinstance(content, dict):
        raise ZooError(f"{rel}: holds {brief(content)}, not names and splits; see the data.yaml of Ultralytics")
    return content


def class_names(names: object, rel: str) -> dict[int, str]:
    """Return names by number from a list or from a mapping of numbers."""
    table = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(table, dict) or not table:
        raise ZooError(f"{rel}: names is {brief(names)}; write a list of names, or a mapping of numbers to names")
    found = {}
    for numbered, name in table.items():
        number = whole(str(numbered))
        if number is None or not isinstance(name, str) or not name.strip():
            raise ZooError(f"{rel}: names has {brief(numbered)}: {brief(name)}; write a whole number and a name")
        found[number] = name.strip()
    return found


def places(value: object, where: str) -> tuple[str, ...]:
    """Return the folders or lists that a split names."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        if not isinstance(entry, str):
            raise ZooError(f"{where}: is {brief(entry)}; write a folder, a list of folders, or a text file of images")
    return tuple(entries)


def base_of(builder: AnnotationBuilder, rel: str, path: object) -> str:
    """Return the folder below data.root that the splits are relative to."""
    inside = join(dirname(rel), path) if isinstance(path, str) and path else dirname(rel)
    if inside is not None and builder.tree.has_folder(inside):
        return inside
    builder.notes.append(f"path: {path} in {rel} is no folder of data.root and was not followed")
    return dirname(rel)


def brief(value: object) -> str:
    """Return a short name of a value, never its content: aliases can make a small YAML very large."""
    return repr(value)[:60] if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
