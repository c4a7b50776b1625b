"""Words that the user's data suggest where the user says none, as the record of the task reads them off the data."""

from collections.abc import Mapping, Sequence

from zoo.registry.tasks import Suggestion, tasks


def suggestion(words: Sequence[str]) -> Suggestion | None:
    """Return what words of a command line lack and the user's folder that they name suggests, and why."""
    said: Mapping[str, str] = {key: value for key, _, value in (word.partition("=") for word in words)}
    root = said.get("data.root", "").strip("'\"")
    record = tasks().get(said.get("task", ""))
    if record is None or not record.suggests or said.get("data") != "folder" or not root:
        return None
    found: Suggestion | None = record.load("suggests")(root, said)
    if found is None:
        return None
    lacking = {key: value for key, value in found.settings.items() if key not in said}
    return Suggestion(found.why, lacking) if lacking else None


def suggest(words: Sequence[str]) -> Mapping[str, str]:
    """Return the settings that words of a command line lack and the user's data suggest, by key."""
    found = suggestion(words)
    return {} if found is None else found.settings


def complete(words: Sequence[str]) -> list[str]:
    """Return words of a command line with what the user's data suggest."""
    return [*words, *(f"{key}={value}" for key, value in suggest(words).items())]
