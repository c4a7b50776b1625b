"""What Hydra says about words that it cannot read, in sentences with near names and the way out."""

import re
import shlex
from collections.abc import Sequence

import hydra
from hydra.errors import HydraException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from configuration.groups import CONF, data_for, groups, tasks_of
from zoo.errors import near
from zoo.registry.card_roots import recipe_files
from zoo.runs.configuration import flat


def explain(error: BaseException, words: Sequence[str]) -> str:
    """Turn what Hydra says into a sentence with near names and the way out."""
    text = str(error).partition("\nConfig search path:")[0]
    if found := re.search(r"Could not find '(\w+)/([^']+)'", text):
        group, name = found.groups()
        known = re.findall(r"\t(\S+)", text)
        if group == "data" and "/" in name:
            return not_served(*name.split("/", 1))
        if group == "loading":
            return not_served(data_named(words), name.rpartition("/")[2])
        return f"{group}={name} is not known{near(name, known)}; it is one of {', '.join(known)}"
    if found := re.search(r"You must specify '(\w+)'", text):
        options = ", ".join(re.findall(r"\t(\S+)", text))
        return f"{found[1]}=… is missing; it is one of {options}, as in: python train.py task=detection data=satellite"
    if found := re.search(r"Could not override '([\w./@]+)'", text):
        return f"there is no key {found[1]!r}{near(found[1], known_keys(words, found[1]))}; --cfg job shows all keys"
    if found := re.search(r"Missing mandatory value: (\S+)", text):
        return f"{found[1]}=… is missing, as in: python train.py task=detection data=folder data.root=my_images"
    if found := re.search(r"Ambiguous value for argument '([^=]+)=(.*)'", text):
        key, value = found.groups()
        whole = shlex.quote(quote(key, value))
        return (
            f"{key}={value}: a comma parts values; in quotes it is part of one: {whole}, and a list is {key}=[{value}]"
        )
    if isinstance(error, OverrideParseException) and "=" in error.override:
        whole = shlex.quote(quote(*error.override.split("=", 1)))
        return f"{error.override!r} is read only in quotes: {whole}"
    if text.startswith("Error in call to target"):  # what is refused by no sentence of its own
        return f"{' '.join(text.splitlines()[:2])}; is a value of another kind than its key asks?"
    return f"{text.splitlines()[0]}; words are key=value, as in: python train.py task=detection data=satellite seed=1"


def data_named(words: Sequence[str]) -> str:
    """Return the data that the words ask for, themselves or by a recipe."""
    if found := [word.partition("=")[2] for word in words if word.startswith("data=")]:
        return found[-1]
    recipes = [word.partition("=")[2] for word in words if word.startswith("recipes=")]
    files = [path for name in recipes if (path := recipe_files().get(name)) is not None]
    return next((match[1] for path in files if (match := re.search(r"override /data: (\w+)", path.read_text()))), "…")


def quote(key: str, value: str) -> str:
    """Return `key="value"`, whose value Hydra reads whole, whatever is in it; a shell takes more quotes.

    Before a quote backslashes count twice, and elsewhere once.
    """
    escaped = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), value)
    return f'{key}="{escaped}"'


def not_served(data: str, task: str) -> str:
    """Say what does fit when data does not serve a task."""
    return (
        f"data={data} has nothing for task={task}: it serves task={' or '.join(tasks_of(data))}; "
        f"task={task} fits data={', '.join(data_for(task)) or 'none yet'}"
    )


def known_keys(words: Sequence[str], wrong: str) -> list[str]:
    """Return the keys of the configuration without the wrong word."""
    kept = [word for word in words if not word.lstrip("+~").startswith(wrong) and not word.startswith("-")]
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            return [*flat(OmegaConf.to_container(hydra.compose("train", kept))), *groups()]
        except (HydraException, OmegaConfBaseException):
            return groups()
