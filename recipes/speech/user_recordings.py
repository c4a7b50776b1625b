"""Recordings of your own: folders by label, or manifests with a path and a label or a text on each line.

See `recipes.speech.manifest` for the manifests that are known. Where nothing says the split, a hash of the speaker, or else
of the path, decides: a speaker is on one side only, and a recording stays where it is when others join.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from recipes.kit.module import Change
from recipes.kit.split import SPLITS, Split, check_ratios, note_absent, refuse_twins, split_by_hash
from recipes.kit.table import TableReading
from recipes.speech import wav
from recipes.speech.manifest import Line, read
from recipes.speech.recordings import Recording, RecordingLoading, Recordings, TranscriptOptions
from zoo.errors import ZooError

#: A recording that lasts so many times as long as its manifest says, and a second more, is not all that is meant.
SLACK = 1.25


class UserRecordings(Recordings):
    """The user's recordings; `ratios` are the shares of train, val and test where nothing says the split.

    Recordings that cannot be read, or last more than `longest` seconds, are `invalid`, as rows of a table are: they end it, or
    are dropped.
    """

    records: ClassVar[tuple[type, ...]] = (RecordingLoading, TranscriptOptions, TableReading)

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        root: str | None = None,
        ratios: Sequence[float] = (0.7, 0.15, 0.15),
        longest: Annotated[float, Field(gt=0)] = 120.0,
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        if not root:
            raise ZooError(
                "data.root=… is missing: a folder with a folder for each label, or a manifest of path and label or text"
            )
        self.root, self.ratios = Path(root).expanduser(), check_ratios(ratios)
        self.reading: TableReading = self.settings[TableReading]
        self.longest = longest

    def read_split(self) -> Split[Recording]:
        """Read the folder or the manifest, and split what can be read."""
        manifest = read(self.root, self.reading)
        lines, dropped = self.sound(manifest.lines)
        classes = tuple(sorted({line.label for line in lines if line.label}))
        self.check_asked(lines, classes)
        refuse_twins(classes, f"data.root={self.root}")
        number = {label: index for index, label in enumerate(classes)}
        base = self.root if self.root.is_dir() else self.root.parent
        given = {line.split for line in lines}
        parts: dict[str, list[Recording]] = {part: [] for part in SPLITS}
        for line in lines:
            name = line.path.relative_to(base).as_posix() if line.path.is_relative_to(base) else str(line.path)
            recording = Recording(name, line.path, number.get(line.label, 0), line.speaker, line.text)
            parts[self.part_of(line, name, given)].append(recording)
        missing = note_absent(parts, classes, lambda recording: [recording.label])
        return Split(parts, classes, notes=(told(parts, lines), *missing, *dropped, *manifest.notes))

    def part_of(self, line: Line, name: str, given: set[str]) -> str:
        """Return the split of a recording: as the data say, with what they `give` no recording for taken from train."""
        drawn = split_by_hash(line.speaker or name, self.ratios)
        if line.split == "train" and drawn not in given:
            return drawn
        return line.split or drawn

    def check_asked(self, lines: Sequence[Line], classes: Sequence[str]) -> None:
        """Refuse recordings that do not say what is asked of them."""
        asked, root = self.loading.objective, str(self.root)
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
        if failures and self.reading.invalid == "error":
            others = f"; so are {len(failures) - 1} more" if len(failures) > 1 else ""
            raise ZooError(f"{failures[0]}, or leave such recordings out with data.invalid=drop{others}") from failures[
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
            if line.seconds and seconds > max(line.seconds + 1, SLACK * line.seconds):
                raise ZooError(
                    f"recording {line.path} lasts {seconds:,.1f} s, and its manifest says {line.seconds:g} s of it; cut the"
                    " stretches into files of their own"
                )
            wav.read(line.path)
        except ZooError as error:
            return error
        return None


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
            " flatter. Put all of a speaker on one side, or leave out what names the speakers"
        )
    how = (
        "as the data say"
        if any(line.split for line in lines)
        else "whole speakers"
        if set(sides) - {""}
        else "by a hash"
    )
    return f"split {how}: " + ", ".join(f"{part} {len(rows)}" for part, rows in parts.items())
