"""The parts of a run folder that travel to and from a hub; checkpoints and logs stay where they were made."""

import re
from pathlib import Path

from zoo.errors import ZooError
from zoo.registry import front_matter
from zoo.runs.run import WEIGHTS

CARD, CONFIG, METRICS = "README.md", "config.yaml", "metrics.json"
_TEXT, _PICTURE = 10_000_000, 50_000_000
#: Name → most bytes; None is as many as the disk takes.
PARTS = {
    CARD: front_matter.MAX_BYTES,
    CONFIG: front_matter.MAX_BYTES,
    METRICS: _TEXT,
    "profile.json": _TEXT,
    "fit.json": _TEXT,
    WEIGHTS: None,
}
#: Without these no tool can do anything with a run.
REQUIRED = (CONFIG, METRICS, WEIGHTS)
PLOTS = re.compile(r"plots/[A-Za-z0-9][A-Za-z0-9_.-]*\.png")
MOST_PLOTS = 200


def is_part(path: str) -> bool:
    """Tell whether a relative path names a part of a run."""
    return path in PARTS or PLOTS.fullmatch(path) is not None


def check_size(path: str, size: int) -> None:
    """Refuse a part that is larger than such a part ever is."""
    most = PARTS.get(path, _PICTURE)
    if most is not None and size > most:
        raise ZooError(f"{path} has {size} bytes; it may have {most}")


def present(folder: Path) -> list[Path]:
    """Return the parts that are in a run folder, the weights last; a symbolic link among them is refused."""
    places = [folder / name for name in PARTS if name != WEIGHTS]
    plots = [path for path in sorted((folder / "plots").glob("*")) if is_part(f"plots/{path.name}")]
    found = [path for path in (*places, *plots, folder / WEIGHTS) if path.exists() or path.is_symlink()]
    for path in (folder / "plots", *found):
        if path.is_symlink():
            raise ZooError(
                f"{path} is a symbolic link; a run is pushed from its own files, so put the file itself there"
            )
    return found
