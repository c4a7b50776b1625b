"""The configuration of a run as plain dictionaries: its dotted keys, and what differs between two."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.runs.run import Run

#: Keys that say how a run is started, not what it computes; a resumed run may differ in them.
STARTING = ("run", "resume", "resume_changed", "fit", "command", "adapted")
#: Keys that a run settles when it knows its data, and what they may be until then.
LEFT_TO_DATA: Mapping[str, tuple[Any, ...]] = {
    "task.geometry": ("auto",),
    "model.geometry": ("auto",),
    "model.side": (None,),
    "data.value_range": (None,),
    "data.crop": (None,),
    "data.tile": (None, "crop"),
    "data.overlap": (None,),
}


def flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings to dotted keys; an empty one is a leaf."""
    if not isinstance(tree, Mapping) or not tree:
        return {prefix: tree}
    return {
        key: leaf
        for name, branch in tree.items()
        for key, leaf in flat(branch, f"{prefix}.{name}" if prefix else name).items()
    }


def check_resume(run: Run, config: Mapping[str, Any]) -> str:
    """Refuse to go on with a run that is finished, or, unless told, under another configuration.

    Returns the command of the run: what it was begun with, and what changed it since.
    """
    run.refuse_finished()
    begun = str(run.config.get("command") or config["command"])
    if config["resume_changed"]:
        return f"{begun}\n{config['command']}"
    refuse_changes(run, config)
    return begun


def refuse_changes(run: Run, config: Mapping[str, Any]) -> None:
    """Refuse a configuration that computes something else than that of a run which it would go on with."""
    before, now, asked = flat(run.config), flat(config), run.config.get("adapted")
    before |= flat(asked) if asked else {}
    changed = sorted(key for key in before.keys() | now.keys() if not is_same(key, before, now))
    if changed:
        said = "; ".join(f"{key}: {before.get(key)} → {now.get(key)}" for key in changed)
        raise ZooError(
            f"resume={run.folder}: the configuration changed ({said}); say resume_changed=true to go on with it"
        )


def is_same(key: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Tell whether a key means the same in two flat configurations, wherever the run lies and however a path is spelled."""
    old, new = (within(config.get("run"), config.get(key)) for config in (before, now))
    if old == new or key.split(".")[0] in STARTING or new in LEFT_TO_DATA.get(key, ()):
        return True
    if isinstance(old, str) and isinstance(new, str):
        with suppress(OSError):  # they are no paths, or not both are here
            return Path(old).samefile(new)
    return False


def within(folder: Any, value: Any) -> Any:
    """Return a path below the folder of the run as it is called from there, and any other value as it is."""
    if isinstance(folder, str) and isinstance(value, str) and Path(value).is_relative_to(folder):
        return Path(value).relative_to(folder)
    return value
