"""What the groups of the configuration offer: the files below conf/. Nothing is imported to list them."""

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
    """Return the tasks that data of this name serves; none where it is not known."""
    return options(f"data/{data}")


def data_for(task: str) -> list[str]:
    """Return the data that serve a task."""
    return sorted(path.parent.name for path in (CONF / "data").glob(f"*/{task}.yaml"))
