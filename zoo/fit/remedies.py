"""Remedies that cost nothing: a run takes them by itself, unless a word forbids it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from zoo.fit.report import Fit

#: A word for one of these keys says what a run is to be: a recipe, whose settings are tested together.
DECIDED = {"recipes"}


def remedies(fit: Fit, run: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return what a run is to set differently, by dotted key; nothing that one of its `words` sets, nor under `fit=warn`."""
    said = {word.lstrip("+~").partition("=")[0] for word in words}
    if run.get("fit", "adapt") != "adapt" or said & DECIDED:
        return {}
    pairs = (override.partition("=") for override in fit.free_overrides)
    return {key: json.loads(value) for key, _, value in pairs if key not in said}


def words_of(command: str | None) -> list[str]:
    """Return the words of a command line."""
    return shlex.split(command or "")


def with_settings(run: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with `settings` by dotted key in place of what it says."""
    changed = dict(run)
    for key, value in settings.items():
        name, _, rest = key.partition(".")
        changed[name] = with_settings(changed.get(name) or {}, {rest: value}) if rest else value
    return changed
