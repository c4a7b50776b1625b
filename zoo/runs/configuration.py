"""The configuration of a run as plain dictionaries: its dotted keys, and what differs between two."""

from collections.abc import Mapping
from typing import Any

from zoo.errors import ZooError
from zoo.runs.run import Run

#: Keys that say how a run is started, not what it computes; a resumed run may differ in them.
STARTING = ("run", "resume", "resume_changed", "fit")
#: Keys that a run settles when it knows its data, where they are `auto`.
LEFT_TO_DATA = ("task.geometry", "model.geometry")


def flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings to dotted keys; an empty one is a leaf."""
    if not isinstance(tree, Mapping) or not tree:
        return {prefix: tree}
    return {
        key: leaf
        for name, branch in tree.items()
        for key, leaf in flat(branch, f"{prefix}.{name}" if prefix else name).items()
    }


def refuse_changes(run: Run, config: Mapping[str, Any]) -> None:
    """Refuse a configuration that computes something else than that of a run which it would go on with."""
    before, now = flat(run.config), flat(config)
    changed = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    changed = [key for key in changed if key.split(".")[0] not in STARTING]
    changed = [key for key in changed if key not in LEFT_TO_DATA or now.get(key) != "auto"]
    if changed:
        said = "; ".join(f"{key}: {before.get(key)} → {now.get(key)}" for key in changed)
        raise ZooError(
            f"resume={run.folder}: the configuration changed ({said}); say resume_changed=true to go on with it"
        )
