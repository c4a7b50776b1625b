"""What the groups of the configuration offer: the files below conf/, ours and added ones. Nothing is imported to list them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo.errors import one_of
from zoo.registry.card_roots import card_roots, recipe_files

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
#: Groups that conf/train.yaml calls optional, since a task may do without: Hydra passes over a name there that no file has.
OPTIONAL = ("augment", "loss")
#: What a file chooses of an optional group, the data that a recipe names, and the recipe that it begins with.
OVERRIDE = re.compile(rf"^ *- (?:optional )?override /({'|'.join(OPTIONAL)}): *([\w-]+) *(?:#.*)?$", re.MULTILINE)
DATA = re.compile(r"^ *- override /data: *([\w-]+)", re.MULTILINE)
BASE = re.compile(r"^ *- (?!_self_)(\w+) *$", re.MULTILINE)


def added_folders() -> list[Path]:
    """Return the folders `conf` of the folders in ZOO_PATH and of the packages of models."""
    return [folder for root in card_roots()[1:] if (folder := root.folder / "conf").is_dir()]


def options(group: str) -> list[str]:
    """Return the names that a group such as `data` or `augment` knows by file."""
    return sorted({path.stem for path in files(f"{group}/*.yaml")})


def groups() -> list[str]:
    """Return the names of the groups."""
    return sorted({"model", "recipes", *(path.name for path in files("*") if path.is_dir())})


def check_choices(words: Sequence[str]) -> None:
    """Refuse what words, or the recipes and data that they name, choose of an optional group and it does not offer."""
    for key, _, values in (word.partition("=") for word in words):
        for value in values.split(","):
            if key in OPTIONAL and re.fullmatch(r"[\w-]+", value) and value != "null":
                one_of(key, value, options(key))
            for path in files_named(key, value):
                check_overrides(path)


def files_named(group: str, name: str) -> list[Path]:
    """Return the files of data, or of a recipe with those that it begins with and its data; none of another group."""
    if group == "data":
        return [*files(f"data/{name}.yaml"), *files(f"data/{name}/*.yaml")] if re.fullmatch(r"[\w-]+", name) else []
    path = recipe_files().get(name) if group == "recipes" else None
    if path is None:
        return []
    named = [("recipes", base) for base in BASE.findall(text_of(path)) if base != name]
    named += [("data", data) for data in DATA.findall(text_of(path))]
    return [path, *(one for also, word in named for one in files_named(also, word))]


def check_overrides(path: Path) -> None:
    """Refuse a file that chooses of an optional group what it does not offer: Hydra would pass over it."""
    for group, name in OVERRIDE.findall(text_of(path)):
        if name != "null":
            one_of(f"{path}: override /{group}", name, options(group))


def text_of(path: Path) -> str:
    """Return the text of a file."""
    return path.read_text(encoding="utf-8")


def tasks_of(data: str) -> list[str]:
    """Return the tasks that data of this name serves; none where it is not known.

    They are the files of the data's folder, or, where it has none, those of the kit of loading that it stands on.
    """
    if own := options(f"data/{data}"):
        return own
    text = "".join(path.read_text(encoding="utf-8") for path in files(f"data/{data}.yaml"))
    kit = re.search(r"/loading/(\w+)@\S+: \$\{task\}", text)
    return options(f"loading/{kit[1]}") if kit else []


def data_for(task: str) -> list[str]:
    """Return the data that serve a task."""
    return [data for data in options("data") if task in tasks_of(data)]


def files(pattern: str) -> Iterator[Path]:
    """Yield what matches a pattern below each folder of configurations."""
    for folder in (CONF, *added_folders()):
        yield from folder.glob(pattern)
