"""Words that the user's data suggest where the user says none: what recordings with texts are asked, and by which model."""

from collections.abc import Mapping, Sequence

from zoo.registry.tasks import tasks


def suggest(words: Sequence[str]) -> dict[str, str]:
    """Return what words of a command line lack and the recordings that they name suggest, by key."""
    said: Mapping[str, str] = {key: value for key, _, value in (word.partition("=") for word in words)}
    root = said.get("data.root", "").strip("'\"")
    record = tasks().get(said.get("task", ""))
    transcribes = record is not None and "transcribe" in record.objectives
    if not transcribes or said.get("data") != "folder" or "task.objective" in said or not root:
        return {}
    from recipes.speech.manifest import suggested_settings

    return {key: value for key, value in suggested_settings(root).items() if key not in said}


def complete(words: Sequence[str]) -> list[str]:
    """Return words of a command line with what the user's data suggest."""
    return [*words, *(f"{key}={value}" for key, value in suggest(words).items())]
