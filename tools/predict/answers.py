"""Tables of answers: .csv, a line an input, or a step where steps are what is asked; .jsonl, an object an input."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from zoo.errors import ZooError
from zoo.files import atomic_write, ensure_dir, finite, refuse_existing

ENDINGS = (".csv", ".jsonl")
#: What a table is called in a folder.
NAME = "answers.csv"
#: Digits of a number that count.
DIGITS = 6
Answer = dict[str, Any]


def target(out: Path, force: bool) -> Path:
    """Return the file to write: `out`, or answers.csv in it where it is a folder; refuse one that is there already."""
    path = out if out.suffix and not out.is_dir() else out / NAME
    if path.suffix not in ENDINGS:
        raise ZooError(f"--out {out}: answers are written as {' or '.join(ENDINGS)}, or into a folder")
    refuse_existing(path, force)
    ensure_dir(path.parent)
    return path


class Writer:
    """Writes answers as they come; the file is whole in the end, or not there. `lines` makes lines of a table of one."""

    def __init__(self, path: Path, lines: Callable[[Answer], Iterator[Answer]]) -> None:
        self.path, self.lines = path, lines
        self.table: Any = None
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        part = self.stack.enter_context(atomic_write(self.path))
        self.file = self.stack.enter_context(part.open("w", encoding="utf-8", newline=""))
        return self

    def __exit__(self, *failure: Any) -> bool | None:
        return self.stack.__exit__(*failure)

    def add(self, answer: Answer) -> None:
        """Write one answer."""
        if self.path.suffix == ".jsonl":
            self.file.write(json.dumps(finite(short(answer)), ensure_ascii=False, allow_nan=False) + "\n")
            return
        for line in self.lines(answer):
            if self.table is None:
                self.table = csv.DictWriter(self.file, list(line))
                self.table.writeheader()
            self.table.writerow(short(line))


def short(content: Any) -> Any:
    """Return the content with numbers of as many digits as count."""
    if isinstance(content, dict):
        return {key: short(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [short(value) for value in content]
    return float(f"{content:.{DIGITS}g}") if isinstance(content, float) else content
