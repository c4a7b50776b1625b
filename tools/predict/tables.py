"""Tables of answers: .csv, a line an input, or a step where steps are what is asked; .jsonl, an object an input."""

import csv
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import Progress

from tools.predict.options import Options
from zoo.errors import ZooError, clean, counted
from zoo.files import atomic_write, ensure_dir, finite, refuse_existing
from zoo.inference.predictor import Answered, Predictor

ENDINGS = (".csv", ".jsonl")
#: What a table is called in a folder.
NAME = "answers.csv"
#: Digits of a number that count.
DIGITS = 6
#: Answers that are shown.
SHOWN = 20
#: The options that say something here.
TAKES = ("out", "batch", "backend", "force")


def predict(
    predictor: Predictor[Any], inputs: Sequence[Path], options: Options, bar: Progress, console: Console
) -> tuple[list[str], list[str]]:
    """Answer every input into the table `options.out` and show the first; return what to say at the end, and what failed."""
    failures, count = list[str](), 0
    paths, out = files_of(inputs, predictor.endings), target(options.out, options.force)
    with Writer(out) as writer:
        for one in predictor.each(bar.track(paths, description="answering"), failures):
            writer.add(one)
            if count < SHOWN:
                console.print(clean(f"{one.place}  {one.answer.summary()}"), markup=False)
            count += 1
        if not count:
            raise ZooError(failures[0])
    more = f", of which the first {SHOWN} are shown" if count > SHOWN else ""
    return [f"{counted(count, 'answer')}{more}: {out}"], failures


def files_of(inputs: Sequence[Path], endings: frozenset[str]) -> list[Path]:
    """Return the files that are named, and of folders all that are read."""
    found: list[Path] = []
    for path in inputs:
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in endings) if path.is_dir() else [path]
        if not inside:
            raise ZooError(f"folder {path} holds nothing that the run reads; looked for {', '.join(sorted(endings))}")
        found += inside
    return found


def target(out: Path, force: bool) -> Path:
    """Return the file to write: `out`, or answers.csv in it where it is a folder; refuse one that is there already."""
    path = out if out.suffix and not out.is_dir() else out / NAME
    if path.suffix not in ENDINGS:
        raise ZooError(f"--out {out}: answers are written as {' or '.join(ENDINGS)}, or into a folder")
    refuse_existing(path, force)
    ensure_dir(path.parent)
    return path


class Writer:
    """Writes answers as they come; the file is whole in the end, or not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.table: Any = None
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        part = self.stack.enter_context(atomic_write(self.path))
        self.file = self.stack.enter_context(part.open("w", encoding="utf-8", newline=""))
        return self

    def __exit__(self, *failure: Any) -> bool | None:
        return self.stack.__exit__(*failure)

    def add(self, one: Answered) -> None:
        """Write one answer, beside where its input stands."""
        known = {"input": one.place, **({"source": one.text} if one.text else {})}
        if self.path.suffix == ".jsonl":
            said = finite(short({**known, **one.answer.facts()}))
            self.file.write(json.dumps(said, ensure_ascii=False, allow_nan=False) + "\n")
            return
        for line in one.answer.lines():
            if self.table is None:
                self.table = csv.DictWriter(self.file, [*known, *line])
                self.table.writeheader()
            self.table.writerow(short({**known, **line}))


def short(content: Any) -> Any:
    """Return the content with numbers of as many digits as count."""
    if isinstance(content, dict):
        return {key: short(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [short(value) for value in content]
    return float(f"{content:.{DIGITS}g}") if isinstance(content, float) else content
