"""Manifests: what a recording holds, a line each, as tables, JSON lines, and the lists of LibriSpeech and Kaldi say it.

NeMo: https://docs.nvidia.com/nemo-framework (audio_filepath, text); Common Voice: Ardila et al. 2020,
https://arxiv.org/abs/1912.06670 (path, sentence, client_id; recordings in `clips`); LibriSpeech: Panayotov et al. 2015
(`*.trans.txt` beside the recordings); Kaldi: Povey et al. 2011, https://kaldi-asr.org/doc/data_prep.html (wav.scp, text).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from os.path import normpath
from pathlib import Path
from typing import Any, NamedTuple

from recipes.kit.split import split_named, split_of_name
from recipes.kit.table import TableReading
from recipes.kit.text_file import lines_of
from recipes.series.recognise import offered
from recipes.speech import wav
from zoo.errors import ZooError, agreeing, first_few
from zoo.registry.tasks import Suggestion

#: What the fields of a recording are called by those who write manifests, the usual word first.
COLUMNS = {
    "path": ("path", "audio_filepath", "audio_path", "wav_filename", "filename", "file_name", "file", "audio", "wav"),
    "label": ("label", "class", "command", "category"),
    "text": ("text", "sentence", "transcript", "transcription", "normalized_text"),
    "speaker": ("speaker", "client_id", "speaker_id", "spk"),
    "split": ("split", "subset", "set"),
}
#: Endings of manifests that are JSON lines, whatever the tool calls them, and those that are tables.
JSON_LINES, TABLES = frozenset({".jsonl", ".json", ".manifest", ".ndjson"}), frozenset({".csv", ".tsv"})
#: Where recordings lie beside a manifest; Common Voice has them in clips.
BESIDE = ("", "clips", "wavs", "wav", "audio")
#: Files that are told by name.
TOLD = 3


class Line(NamedTuple):
    """One recording as a folder or a manifest names it."""

    path: Path
    label: str = ""
    text: str = ""
    speaker: str = ""
    split: str = ""
    seconds: float = 0.0  # that the manifest says it lasts, 0 where it says none


#: Passes over so many recordings in all are what a model needs until it writes words, and how many epochs they may take.
PASSES, EPOCHS = 2400, (8, 60)


class Manifest(NamedTuple):
    """The recordings that are named, and notes on how they were read."""

    lines: list[Line]
    notes: tuple[str, ...] = ()


def read(root: Path, reading: TableReading) -> Manifest:
    """Return the recordings of a folder or of a manifest, tables as `reading` says."""
    return of_folder(root, reading) if root.is_dir() else of_manifest(root, reading)


def suggest(root: str, said: Mapping[str, str]) -> Suggestion | None:
    """Return the settings that recordings with texts and without labels suggest, unless it is `said` what they are asked."""
    path = Path(root).expanduser()
    if "task.objective" in said or not path.exists():  # what is not there is refused where it is read
        return None
    lines = read(path, TableReading.of_words(said)).lines
    if not all(line.text and not line.label for line in lines):
        return None
    epochs = min(max(round(PASSES / len(lines)), EPOCHS[0]), EPOCHS[1])
    settings = {
        "task.objective": "transcribe",
        "model": "deep_speech2",
        "augment": "speech_sentences",
        "trainer.max_epochs": str(epochs),
        "trainer.check_val_every_n_epoch": str(max(2, epochs // 8)),
    }
    return Suggestion("the recordings have texts and no labels", settings)


def of_manifest(path: Path, reading: TableReading, split: str = "") -> Manifest:
    """Return the recordings that a manifest names, all of one `split` where its name says so."""
    if not path.is_file():
        raise ZooError(f"data.root={str(path)!r} is neither a folder nor a manifest (csv, tsv, jsonl)")
    rows, notes = (json_rows(path), ()) if path.suffix.lower() in JSON_LINES else table_rows(path, reading)
    lines = [line_of(row, path, number, split) for number, row in rows]
    if not lines:
        raise ZooError(f"manifest {path} names no recording")
    seen: set[Path] = set()
    for line in lines:
        if line.path in seen:  # in two splits it would be known before the test
            raise ZooError(f"manifest {path} names {line.path} twice; name each recording once")
        seen.add(line.path)
    return Manifest(lines, notes)


def line_of(row: Mapping[str, Any], manifest: Path, number: int, split: str) -> Line:
    """Return what a row of a manifest says."""
    where = f"line {number} of {manifest}"
    fields = {
        key: next((str(row[name]).strip() for name in names if row.get(name) not in (None, "")), "")
        for key, names in COLUMNS.items()
    }
    if not fields["path"] or not (fields["label"] or fields["text"]):
        raise ZooError(f"{where} needs a path, and a label or a text; it holds {dict(row)}")
    if as_number(row.get("offset")) != 0:
        raise ZooError(
            f"{where} begins at {row['offset']} s of its recording; cut the stretches into files of their own"
        )
    if fields["split"]:
        split = split_named(fields["split"], where)
    fields["split"] = split
    path = located(fields.pop("path"), manifest.parent)
    return Line(path, **fields, seconds=as_number(row.get("duration")) or 0.0)


def as_number(word: object) -> float | None:
    """Return a number as a manifest has it, 0 where it has none; None for another word."""
    try:
        return float(str(word)) if word not in (None, "") else 0.0
    except ValueError:
        return None


def located(name: str, *folders: Path) -> Path:
    """Return where a recording is that a list names: in one of the folders, or in a usual one beside it."""
    paths = [folder / inner / name for folder in folders for inner in BESIDE]
    return next((path for path in paths if path.is_file()), paths[0])


def json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the objects of a jsonl file with their line numbers."""
    for number, text in enumerate(lines_of(path), 1):
        try:
            row = json.loads(text.strip() or "null")
        except json.JSONDecodeError as error:
            raise ZooError(f"line {number} of {path} is no JSON ({error}); one object a line") from error
        if isinstance(row, dict):
            yield number, row
        elif row is not None:
            raise ZooError(f"line {number} of {path} is no object with path and label or text: {text[:60]}")


def table_rows(path: Path, reading: TableReading) -> tuple[Iterator[tuple[int, Mapping[str, Any]]], tuple[str, ...]]:
    """Return the rows of a table with their line numbers, and notes on it."""
    table = reading.read(path)
    names = [name.lower() for name in table.columns]
    if not set(names) & set(COLUMNS["path"]):
        raise ZooError(
            f"table {path} has no column path; its head is {', '.join(table.columns)}, and a recording's place is called"
            f" {', '.join(COLUMNS['path'])}{offered(path)}"
        )
    rows = (dict(zip(names, row, strict=True)) for row in table.rows)
    return zip(table.lines, rows, strict=True), table.notes


def of_folder(root: Path, reading: TableReading) -> Manifest:
    """Return the recordings of a folder: by the lists of Kaldi or LibriSpeech, by manifests, or by a folder for each label."""
    if folders := kaldi_folders(root):
        return of_kaldi_folders(folders, root)
    if lists := sorted(root.rglob("*.trans.txt")):
        return unlisted(root, Manifest([line for path in lists for line in of_librispeech(path, root)]))
    manifests = [path for path in sorted(root.iterdir()) if path.suffix.lower() in JSON_LINES | TABLES]
    named = {path: split_of_name(path.stem) for path in manifests}
    chosen = [path for path in manifests if named[path]] or (manifests if len(manifests) == 1 else [])
    left = [path.name for path in manifests if path not in chosen]
    said = f"not read: {first_few(left, TOLD)}; data.root=MANIFEST reads one alone"
    notes = (said,) if left else ()
    if not chosen:
        return Manifest(by_label(root), notes)
    read = [of_manifest(path, reading, named[path]) for path in chosen]
    lines, told = [line for one in read for line in one.lines], [note for one in read for note in one.notes]
    refuse_shared(lines, root)
    return unlisted(root, Manifest(lines, (*told, *notes)))


def refuse_shared(lines: Sequence[Line], root: Path) -> None:
    """Refuse recordings that several lists name: in two splits they would be known before the test."""
    seen: dict[str, Line] = {}
    for line in lines:
        other = seen.setdefault(normpath(line.path), line)
        if other is not line:
            raise ZooError(
                f"data.root={str(root)!r}: {line.path} is listed twice, in {other.split or 'one list'} and in "
                f"{line.split or 'another'}; name each recording once"
            )


def unlisted(root: Path, found: Manifest) -> Manifest:
    """Return a manifest with a note on the recordings of its folder that it does not name."""
    named = {normpath(line.path) for line in found.lines}
    left = [path for path in recordings_in(root) if normpath(path) not in named]
    if not left:
        return found
    said = agreeing(len(left), "[recording is|recordings are] in no list that was read and [was|were] left out")
    return found._replace(notes=(*found.notes, f"{said}, the first is {left[0].relative_to(root).as_posix()}"))


def recordings_in(root: Path) -> list[Path]:
    """Return the recordings below a folder."""
    return sorted(p for p in root.rglob("*") if p.suffix.lower() in wav.SUFFIXES and p.is_file())


def by_label(root: Path) -> list[Line]:
    """Return the recordings of a folder: the folder that each lies in, below the root, is its label."""
    paths = recordings_in(root)
    if not paths:
        raise ZooError(
            f"folder {str(root)!r} holds no recordings; looked for {', '.join(sorted(wav.SUFFIXES))}{offered(root)}"
        )
    loose = [path for path in paths if path.parent == root]
    if loose:
        raise ZooError(f"recording {loose[0]} lies in no folder of a label; make one, or name a manifest as data.root")
    return [Line(path, label=path.relative_to(root).parts[0]) for path in paths]


def of_librispeech(path: Path, root: Path) -> Iterator[Line]:
    """Yield the recordings of a chapter: a line is the name of one, which begins with its speaker, and what is said."""
    split = next(filter(None, map(split_of_name, path.relative_to(root).parts[:-1])), "")
    for number, line in enumerate(lines_of(path), 1):
        name, _, text = line.strip().partition(" ")
        found = sorted(path.parent.glob(f"{name}.*")) if name else []
        if name and (len(found) != 1 or not text):
            raise ZooError(
                f"{path}, line {number}: {line[:60]!r} is not the name of a recording beside it and what is said"
            )
        if name:
            yield Line(found[0], text=text, speaker=name.partition("-")[0], split=split)


def kaldi_folders(root: Path) -> list[Path]:
    """Return the data folders of Kaldi at or below a folder; what lies in another is a copy that a job of Kaldi made."""
    found = sorted((path.parent for path in root.rglob("wav.scp")), key=lambda path: len(path.parts))
    return [path for path in found if not any(other in path.parents for other in found)]


def of_kaldi_folders(folders: Sequence[Path], root: Path) -> Manifest:
    """Return the recordings of data folders of Kaldi; where some are named as splits are, those alone are read."""
    named = {folder: split_of_name(folder.relative_to(root).as_posix()) for folder in folders}
    chosen = [folder for folder in folders if named[folder]] or list(folders)
    left = [folder.relative_to(root).as_posix() for folder in folders if folder not in chosen]
    lines = [line._replace(split=named[folder]) for folder in chosen for line in of_kaldi(folder, root)]
    refuse_shared(lines, root)
    notes = (f"not read: {first_few(left, TOLD)}; data.root=FOLDER reads one alone",) if left else ()
    return unlisted(root, Manifest(lines, notes))


def of_kaldi(folder: Path, root: Path) -> list[Line]:
    """Return the recordings of a data folder of Kaldi; a command in the place of a path is refused, and never run.

    Paths are relative to where Kaldi's recipes are run, above the data folder.
    """
    above = [base for base in folder.parents if base == root or root in base.parents]
    if (folder / "segments").is_file():
        raise ZooError(f"{folder / 'segments'} cuts recordings into stretches; cut them into files of their own first")
    said, speakers = (
        kaldi_list(folder / "text"),
        kaldi_list(folder / "utt2spk") if (folder / "utt2spk").is_file() else {},
    )
    lines = []
    for name, (number, place) in kaldi_list(folder / "wav.scp").items():
        where = f"{folder / 'wav.scp'}, line {number}"
        if place.endswith("|"):
            raise ZooError(f"{where}: {place!r} is a command; write its recordings to files, and name these")
        if name not in said:
            raise ZooError(f"{where}: {folder / 'text'} does not say what is said in {name!r}")
        lines.append(Line(located(place, folder, *above), text=said[name][1], speaker=speakers.get(name, (0, ""))[1]))
    return lines


def kaldi_list(path: Path) -> dict[str, tuple[int, str]]:
    """Return what a list of Kaldi says of each name, with the number of its line."""
    rows = ((number, [*line.split(maxsplit=1), ""]) for number, line in enumerate(lines_of(path), 1))
    return {words[0]: (number, words[1].strip()) for number, words in rows if words[0]}
