"""What a user names as data: words of train.py, or a folder of files, whose task is then told by their endings."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from zoo.errors import ZooError
from zoo.registry.tasks import Task, tasks

EXAMPLE = "my_images, or task=detection data=vehicles"
#: So many files of a folder are looked at.
MOST = 1000


def folder_of(words: Sequence[str]) -> Path | None:
    """Return the folder, or the file, that is named, None where the words are settings alone; two data sets are refused."""
    folders = [word for word in words if not is_setting(word)]
    if len(folders) > 1 or (folders and any(word.startswith("data=") for word in words)):
        raise ZooError(f"{' '.join(words)!r} names more than one data set; name a folder or data=…, as in: {EXAMPLE}")
    return Path(folders[0]) if folders else None


def is_setting(word: str) -> bool:
    """Tell whether a word is key=value, and no folder that is called so."""
    return "=" in word and not Path(word).is_dir()


def words_to_compose(words: Sequence[str]) -> list[str]:
    """Return the words that compose the data, of a folder too: `task` by its files, data=folder."""
    from configuration.messages import quote

    named, settings = folder_of(words), [word for word in words if is_setting(word)]
    if named is None:
        return settings
    folder, task = named.expanduser(), []
    if not any(word.startswith("task=") for word in settings):
        if words := read_otherwise(folder):
            return [*words, *settings]
        task = [f"task={task_of(folder).name}"]
    return [*task, "data=folder", quote("data.root", str(folder)), *settings]


def read_otherwise(folder: Path) -> list[str]:
    """Return the words that read a folder in which no file has an ending that a task knows; none where one has."""
    known = [record for record in tasks().values() if record.files]
    endings = {ending for record in known for ending in record.load("files")}
    if any(Path(name).suffix.lower() in endings for name in names_in(folder)):
        return []
    found = (record.load("reads")(folder) for record in tasks().values() if record.reads)
    return next(filter(None, found), [])


def names_in(folder: Path) -> Iterator[str]:
    """Yield the names of the files below a folder, or of the one file that is named in its place."""
    if folder.is_file():
        yield folder.name
    yield from (name for _, _, files in os.walk(folder) for name in files)


def task_of(folder: Path) -> Task:
    """Return the task whose files are most in a folder; of several, the one that claims it, else the first.

    Of a single file that none knows it is a task that reads other files too: the file may list its samples.
    """
    endings = Counter(Path(name).suffix.lower() for name in islice(names_in(folder), MOST))
    known = [record for record in tasks().values() if record.files]
    counts = {record.name: sum(endings[ending] for ending in record.load("files")) for record in known}
    if folder.is_file() and not any(counts.values()):
        return next(record for record in known if record.reads)
    likely = [record for record in known if counts[record.name] == max(counts.values())]
    claiming = [record for record in likely if record.claims and record.load("claims")(folder)]
    return (claiming or [record for record in likely if not record.claims])[0]
