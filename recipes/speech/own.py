"""Recordings of your own: folders by label, or a manifest (csv, tsv, jsonl) with a path and a label or a text on each line.

A manifest's columns are `path` (relative to it), `label` or `text`, and, where known, `speaker` and `split` (train, val,
test). Without `split`, a hash of the speaker, or else of the path, decides: a speaker is on one side only, and a recording
stays where it is when others join.
"""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from recipes.speech import wav
from recipes.speech.augment import Change
from recipes.speech.recordings import SPLITS, Recording, Recordings, Split
from zoo.errors import ZooError, near
from zoo.sources import Source

COLUMNS = ("path", "label", "text", "speaker", "split")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
BROKEN = ("error", "drop")


class Line(NamedTuple):
    """One recording as a folder or a manifest names it."""

    path: Path
    label: str = ""
    text: str = ""
    speaker: str = ""
    split: str = ""


class Own(Recordings):
    """The user's recordings; `held_out` is the share of the test, and of validation.

    Recordings that cannot be read, or last more than `longest` seconds, are `broken`: they end it, or are dropped.
    """

    def __init__(
        self,
        name: str,
        augment: Change,
        root: str,
        held_out: float = 0.15,
        broken: str = "error",
        longest: float = 120.0,
        **options: Any,
    ) -> None:
        super().__init__(name, augment, options)
        if broken not in BROKEN:
            raise ZooError(f"data.broken={broken!r} is not known{near(broken, BROKEN)}; it is error or drop")
        if not 0 < held_out < 0.5:
            raise ZooError(f"data.held_out={held_out} must be above 0 and below 0.5: test and validation take it each")
        self.root, self.held_out = Path(root).expanduser(), held_out
        self.broken, self.longest = broken, longest

    def sources(self) -> Sequence[Source]:
        """Return nothing: the recordings are here."""
        return []

    def read_split(self) -> Split:
        """Read the folder or the manifest, and split what can be read."""
        lines = of_folder(self.root) if self.root.is_dir() else of_manifest(self.root)
        lines, dropped = self.sound(lines)
        classes = tuple(sorted({line.label for line in lines if line.label}))
        self.check_asked(lines, classes)
        number = {label: index for index, label in enumerate(classes)}
        base = self.root if self.root.is_dir() else self.root.parent
        parts: dict[str, list[Recording]] = {part: [] for part in SPLITS}
        for line in lines:
            name = line.path.relative_to(base).as_posix() if line.path.is_relative_to(base) else str(line.path)
            recording = Recording(name, line.path, number.get(line.label, 0), line.speaker, line.text)
            parts[line.split or self.side(line, name)].append(recording)
        return Split(parts, classes, (told(parts, lines), *dropped))

    def check_asked(self, lines: Sequence[Line], classes: Sequence[str]) -> None:
        """Refuse recordings that do not say what is asked of them."""
        asked, root = self.asked.objective, str(self.root)
        if asked == "transcribe" and not any(line.text for line in lines):
            raise ZooError(f"data.root={root!r} holds no text; a manifest with a column text names what is said")
        if asked == "classify" and len(classes) < 2:
            raise ZooError(
                f"data.root={root!r} holds {len(classes)} labels; put recordings into a folder for each label"
            )
        word = "text" if asked == "transcribe" else "label"
        if bare := [line.path for line in lines if not (line.text if word == "text" else line.label)]:
            raise ZooError(
                f"data.root={root!r} has no {word} for {len(bare)} of {len(lines)} recordings, the first is {bare[0]}; write it"
                f" there, or leave them out for task.objective={asked}"
            )

    def sound(self, lines: Sequence[Line]) -> tuple[list[Line], tuple[str, ...]]:
        """Return the lines whose recordings can be read, and what to say of the others."""
        with ThreadPoolExecutor(8) as pool:
            wrong = list(pool.map(self.wrong, lines))
        failures = [error for error in wrong if error is not None]
        if failures and self.broken == "error":
            others = f"; so are {len(failures) - 1} more" if len(failures) > 1 else ""
            raise ZooError(f"{failures[0]}, or leave such recordings out with data.broken=drop{others}") from failures[
                0
            ]
        kept = [line for line, error in zip(lines, wrong, strict=True) if error is None]
        if not kept:
            raise ZooError(f"data.root={str(self.root)!r} holds no recording that can be read; {failures[0]}")
        return kept, (f"recordings dropped: {len(failures)}, the first: {failures[0]}",) if failures else ()

    def wrong(self, line: Line) -> ZooError | None:
        """Return what is wrong with a recording; it is read for it, since a head may promise what does not follow."""
        try:
            seconds = wav.facts(line.path).seconds
            if seconds > self.longest:
                raise ZooError(
                    f"recording {line.path} lasts {seconds:,.0f} s, and data.longest={self.longest:g}; cut it where `zoo"
                    " listen` hears someone, or raise data.longest"
                )
            wav.read(line.path)
        except ZooError as error:
            return error
        return None

    def side(self, line: Line, name: str) -> str:
        """Return the part that a speaker, or a recording of nobody's, belongs to."""
        place = int.from_bytes(hashlib.sha256((line.speaker or name).encode()).digest()[:8], "big") / 2**64
        return "test" if place < self.held_out else "val" if place < 2 * self.held_out else "train"


def told(parts: Mapping[str, Sequence[Recording]], lines: Sequence[Line]) -> str:
    """Say how the recordings were split; ZooError when a speaker is on two sides by the manifest's own split."""
    sides: dict[str, set[str]] = {}
    for part, rows in parts.items():
        for recording in rows:
            sides.setdefault(recording.speaker, set()).add(part)
    both = sorted(speaker for speaker, where in sides.items() if speaker and "test" in where and len(where) > 1)
    if both:
        raise ZooError(
            f"speaker {both[0]!r} is in the test and in {', '.join(sorted(sides[both[0]] - {'test'}))}; the figures would"
            " flatter. Put all of a speaker on one side, or leave the column speaker out"
        )
    how = (
        "by the column split"
        if any(line.split for line in lines)
        else "whole speakers"
        if set(sides) - {""}
        else "by a hash"
    )
    return f"split {how}: " + ", ".join(f"{part} {len(rows)}" for part, rows in parts.items())


def of_folder(root: Path) -> list[Line]:
    """Return the recordings of a folder: the folder that each lies in, below the root, is its label."""
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in wav.SUFFIXES and p.is_file())
    if not paths:
        raise ZooError(f"folder {str(root)!r} holds no recordings; looked for {', '.join(sorted(wav.SUFFIXES))}")
    loose = [path for path in paths if path.parent == root]
    if loose:
        raise ZooError(f"recording {loose[0]} lies in no folder of a label; make one, or name a manifest as data.root")
    return [Line(path, label=path.relative_to(root).parts[0]) for path in paths]


def of_manifest(path: Path) -> list[Line]:
    """Return the recordings that a manifest names."""
    if not path.is_file():
        raise ZooError(f"data.root={str(path)!r} is neither a folder nor a manifest (csv, tsv, jsonl)")
    rows = json_rows(path) if path.suffix == ".jsonl" else table_rows(path)
    lines = [line_of(row, path, number) for number, row in rows]
    if not lines:
        raise ZooError(f"manifest {path} names no recording")
    often, count = Counter(line.path for line in lines).most_common(1)[0]
    if count > 1:  # in two splits it would be known before the test
        raise ZooError(f"manifest {path} names {often} {count} times; name each recording once")
    return lines


def line_of(row: Mapping[str, Any], manifest: Path, number: int) -> Line:
    """Return what a row of a manifest says."""
    fields = {key: str(row.get(key) or "").strip() for key in COLUMNS}
    where = f"line {number} of {manifest}"
    if not fields["path"] or not (fields["label"] or fields["text"]):
        raise ZooError(f"{where} needs a path, and a label or a text; it holds {dict(row)}")
    if fields["split"] and fields["split"] not in SPLITS:
        raise ZooError(
            f"{where} has split {fields['split']!r}{near(fields['split'], SPLITS)}; it is {', '.join(SPLITS)}"
        )
    return Line(manifest.parent / fields.pop("path"), **fields)


def json_rows(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the objects of a jsonl file with their line numbers."""
    rows: list[tuple[int, Mapping[str, Any]]] = []
    for number, text in enumerate(content(path).split("\n"), 1):
        try:
            row = json.loads(text.strip() or "null")
        except json.JSONDecodeError as error:
            raise ZooError(f"line {number} of {path} is no JSON ({error}); one object a line") from error
        if isinstance(row, dict):
            rows.append((number, row))
        elif row is not None:
            raise ZooError(f"line {number} of {path} is no object with path and label or text: {text[:60]}")
    return rows


def table_rows(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the rows of a table with their line numbers; the separator is the suffix's, or what the head uses."""
    text = content(path)
    head = text.partition("\n")[0]
    usual = DELIMITERS.get(path.suffix.lower(), ",")
    separator = next((mark for mark in (usual, ",", ";", "\t", "|") if mark in head), usual)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    if "path" not in (reader.fieldnames or ()):
        raise ZooError(f"table {path} has no column path; its head is {head.strip()!r}, known are {', '.join(COLUMNS)}")
    return [(reader.line_num, row) for row in reader]


def content(path: Path) -> str:
    """Return the text of a manifest."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ZooError(
            f"manifest {path} is not in UTF-8: byte {error.start}; save it as that, as with `iconv -f latin1 -t utf-8`"
        ) from error
