"""What the groups of the configuration offer: the files below conf/. Nothing is imported to list them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"


def options(group: str) -> list[str]:
    """Return the names that a group such as `data` or `augment` knows by file."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def groups() -> list[str]:
    """Return the names of the groups."""
    return ["recipes", *sorted(path.name for path in CONF.iterdir() if path.is_dir())]


def tasks_of(data: str) -> list[str]:
    """Return the tasks that data of this name serves; none where it is not known.

    They are the files of the data's folder, or, where it has none, those of the kit of loading that it stands on.
    """
    path = CONF / "data" / f"{data}.yaml"
    if (CONF / "data" / data).is_dir() or not path.is_file():
        return options(f"data/{data}")
    kit = re.search(r"/loading/(\w+)@\S+: \$\{task\}", path.read_text(encoding="utf-8"))
    return options(f"loading/{kit[1]}") if kit else []


def data_for(task: str) -> list[str]:
    """Return the data that serve a task."""
    return [data for data in options("data") if task in tasks_of(data)]
