"""The user's recordings: folders, manifests, any format and rate, what is wrong with them named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from recipes.kit.pipeline import Pipeline
from recipes.speech.user_recordings import UserRecordings
from zoo.errors import ZooError


def write(path: Path, seconds: float = 0.1, rate: int = 8000, channels: int = 1, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.3 * np.sin(np.arange(round(rate * seconds)) / 5)
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate, **options)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(40):
        write(tmp_path / ("yes" if i % 2 else "no") / f"take{i}.wav")
    return tmp_path


def own(root: Path, **settings: Any) -> UserRecordings:
    return UserRecordings("folder", Pipeline(), str(root), **{"sample_rate": 8000, **settings})


def manifest(folder: Path, rows: list[dict[str, str]], name: str = "list.jsonl") -> Path:
    path = folder / name
    if name.endswith(".jsonl"):
        path.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        mark = "\t" if name.endswith(".tsv") else ";"
        path.write_text("\n".join([mark.join(rows[0]), *(mark.join(row.values()) for row in rows)]))
    return path


def test_folders_are_labels_and_recordings_stay_where_they_are(folder: Path) -> None:
    data = own(folder)
    data.setup()
    assert data.classes == ("no", "yes")
    rows = data.split.parts
    assert sum(map(len, rows.values())) == 40
    assert all(len(rows[part]) >= 2 for part in ("val", "test"))
    assert all(r.label == (r.path.parent.name == "yes") for part in rows.values() for r in part)
    before = {r.name for r in rows["test"]}
    for i in range(40, 60):
        write(folder / "no" / f"take{i}.wav")
    again = own(folder)
    assert before <= {r.name for r in again.split.parts["test"]}
    batch = next(iter(data.test_dataloader()))
    assert batch["inputs"].shape[1:] == (800, 1)


def test_any_format_rate_and_channels(tmp_path: Path) -> None:
    write(tmp_path / "a" / "stereo.wav", channels=2)
    write(tmp_path / "a" / "deep.wav", rate=96000, subtype="PCM_24")
    write(tmp_path / "b" / "lossy.ogg", rate=44100)
    write(tmp_path / "b" / "free.flac", rate=16000)
    data = own(tmp_path)
    data.setup = lambda stage=None: None  # type: ignore[method-assign]  # too few for a split
    lengths = [len(data.waveforms.get(r.path)) for part in data.read_split().parts.values() for r in part]
    assert len(lengths) == 4
    assert all(abs(length - 800) <= 2 for length in lengths)


@pytest.mark.parametrize("name", ["list.jsonl", "list.csv", "list.tsv"])
def test_manifests_hold_speakers_out(folder: Path, name: str) -> None:
    rows = [
        {"path": f"{'yes' if i % 2 else 'no'}/take{i}.wav", "text": f"Say {i}", "speaker": f"s{i % 20}"}
        for i in range(40)
    ]
    data = own(manifest(folder, rows, name), objective="transcribe", unknown="drop")
    data.setup()
    sides = {part: {r.speaker for r in rows} for part, rows in data.split.parts.items()}
    assert not sides["train"] & sides["test"]
    assert not sides["val"] & sides["test"]
    assert "say" in data.transcripts("train")[0]
    assert "whole speakers" in data.profile().notes[0]


def test_a_split_of_ones_own_and_leakage(folder: Path) -> None:
    parts = ("train", "val", "test")
    rows = [
        {"path": f"{'yes' if i % 2 else 'no'}/take{i}.wav", "label": "yn"[i % 2], "split": parts[i % 3], "speaker": ""}
        for i in range(12)
    ]
    data = own(manifest(folder, rows))
    assert {part: len(rows) for part, rows in data.split.parts.items()} == {"train": 4, "val": 4, "test": 4}
    for row in rows:
        row["speaker"] = "ann"
    with pytest.raises(ZooError, match="speaker 'ann' is in the test and in train, val; the figures would flatter"):
        own(manifest(folder, rows)).setup()


@pytest.mark.parametrize(("objective", "word"), [("classify", "label"), ("transcribe", "text")])
def test_recordings_that_do_not_say_what_is_asked_are_refused(folder: Path, objective: str, word: str) -> None:
    rows = [{"path": f"{'yes' if i % 2 else 'no'}/take{i}.wav", "label": "yn"[i % 2], "text": "a b"} for i in range(12)]
    rows[7][word] = ""
    with pytest.raises(ZooError, match=rf"has no {word} for 1 of 12 recordings, the first is .*take7.wav"):
        own(manifest(folder, rows), objective=objective).setup()


def test_what_is_broken_is_named_or_dropped(folder: Path) -> None:
    (folder / "yes" / "empty.wav").write_bytes(b"")
    (folder / "yes" / "head.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEjunk")
    write(folder / "no" / "none.wav", seconds=0)
    soundfile.write(folder / "no" / "nan.wav", np.array([0, np.nan] * 400), 8000, subtype="FLOAT")
    write(folder / "no" / "hours.wav", seconds=5)
    with pytest.raises(ZooError, match=r"hours.wav lasts 5 s, and data.longest=4; .* data.invalid=drop; so are 4 more"):
        own(folder, longest=4).setup()
    data = own(folder, invalid="drop", longest=4)
    data.setup()
    assert data.split.notes[1].startswith("recordings dropped: 5, the first: ")
    assert sum(map(len, data.split.parts.values())) == 40


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("path,label\na.wav,\n", "line 2 of .* needs a path, and a label or a text"),
        ("where,label\na.wav,x\n", "has no column path; its head is where, label"),
        ("path,label,split\na.wav,x,tests\n", "split 'tests' is not known; did you mean test"),
        ("path,label\n", "no rows below a header"),
        ("path,label\na.wav,x\na.wav,y\n", "a.wav twice; name each recording once"),
    ],
)
def test_manifests_that_cannot_be(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(ZooError, match=said):
        own(path).setup()


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="holds no recordings; looked for"):
        own(tmp_path).setup()
    write(tmp_path / "loose.wav")
    with pytest.raises(ZooError, match="loose.wav lies in no folder of a label"):
        own(tmp_path).setup()
    with pytest.raises(ZooError, match="neither a folder nor a manifest"):
        own(tmp_path / "gone").setup()
    (tmp_path / "loose.wav").unlink()
    write(tmp_path / "only" / "a.wav")
    with pytest.raises(ZooError, match="holds 1 labels"):
        own(tmp_path).setup()
    with pytest.raises(ZooError, match="holds no text"):
        own(tmp_path, objective="transcribe").setup()
    with pytest.raises(ZooError, match=r"data.ratios=\[0.6, 0.2, 0.3\] must be 3 positive shares"):
        own(tmp_path, ratios=[0.6, 0.2, 0.3])
    (tmp_path / "bad.jsonl").write_text("{]")
    with pytest.raises(ZooError, match=r"line 1 of .*bad.jsonl is no JSON"):
        own(tmp_path / "bad.jsonl").setup()


def test_what_no_list_names_is_said(folder: Path) -> None:
    rows = [{"path": f"{'yes' if i % 2 else 'no'}/take{i}.wav", "label": "ab"[i % 2]} for i in range(38)]
    manifest(folder, rows[:30], "train.jsonl")
    manifest(folder, rows[30:34], "dev.jsonl")
    manifest(folder, rows[34:], "test.jsonl")
    manifest(folder, rows, "other.jsonl")
    said = own(folder).split.notes
    assert "not read: other.jsonl; data.root=MANIFEST reads one alone" in said
    assert "2 recordings are in no list that was read and were left out, the first is no/take38.wav" in said
    for name in ("train", "dev", "test"):
        (folder / f"{name}.jsonl").unlink()
    assert not any("left out" in note for note in own(manifest(folder, rows)).split.notes), "one list was asked for"


@pytest.mark.parametrize(("field", "value"), [("duration", 2.5), ("offset", 7), ("offset", "late")])
def test_a_stretch_of_a_recording_is_not_the_whole(tmp_path: Path, field: str, value: object) -> None:
    write(tmp_path / "long.wav", 20)
    rows: Any = [{"audio_filepath": "long.wav", "text": "yes", field: value}]
    with pytest.raises(ZooError, match="into files of their own"):
        own(manifest(tmp_path, rows), objective="transcribe").setup()


def test_numbers_as_labels_and_lengths_that_are_rounded_are_read(folder: Path) -> None:
    rows: Any = [
        {"path": f"{'yes' if i % 2 else 'no'}/take{i}.wav", "label": i % 2, "duration": (0.1, 1, "00:01")[i % 3]}
        for i in range(40)
    ]
    assert own(manifest(folder, rows)).split.classes == ("0", "1")


def test_lists_of_kaldi_may_have_tabs(folder: Path) -> None:
    (folder / "wav.scp").write_text("".join(f"u{i}\tno/take{2 * i}.wav\n" for i in range(20)))
    (folder / "text").write_text("".join(f"u{i}\tyes no\n" for i in range(20)))
    data = own(folder, objective="transcribe")
    assert sum(map(len, data.split.parts.values())) == 20
    assert any("20 recordings are in no list" in note for note in data.split.notes)
