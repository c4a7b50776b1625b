"""Where the zoo keeps runs, and what it can make or fetch again."""

import os
from pathlib import Path

#: Where runs lie, below the folder in which a command is called.
RUNS = Path("runs")


def cache_root() -> Path:
    """Return the cache folder: ZOO_CACHE, else zoo in XDG_CACHE_HOME, else ~/.cache/zoo."""
    if chosen := os.environ.get("ZOO_CACHE"):
        return Path(chosen).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "zoo"
