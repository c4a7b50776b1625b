"""Transcripts: text as it is spoken, alphabets and what is strange to them, the prompts."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recipes.kit.pipeline import Pipeline
from recipes.speech import prompts
from recipes.speech.alphabet import Alphabet
from recipes.speech.digits import DIGITS, SpokenDigits
from recipes.speech.prompts import Prompts, words
from recipes.text.asterisk import Line, read
from zoo.errors import ZooError
from zoo.sequence.spoken import number, spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Press 1, or 21.", "press one or twenty one"),
        ("It's  \"O'Neill's\" 'hello'", "it's o'neill's hello"),
        ("H.323 — 007", "h three hundred twenty three zero zero seven"),
        ("3D, 28.8 kilobit", "three d twenty eight eight kilobit"),
        ("¿Qué?", "qué"),
        ("...", ""),
    ],
)
def test_spoken(written: str, said: str) -> None:
    assert spoken(written) == said
    assert spoken(said) == said
    assert spoken(f"  {written} ", "none") == " ".join(written.split())


def test_numbers_in_words() -> None:
    known = {
        "0": "zero",
        "13": "thirteen",
        "90": "ninety",
        "105": "one hundred five",
        "8500": "eight thousand five hundred",
    }
    assert {digits: number(digits) for digits in known} == known
    assert number("1234567").split() == ["one", "two", "three", "four", "five", "six", "seven"]
    assert len({number(str(n)) for n in range(3000)}) == 3000


def test_strange_characters_are_named_dropped_or_mapped() -> None:
    texts = ["abc e", "cab"]
    assert Alphabet.of(texts).classes == ("<blank>", " ", "a", "b", "c", "e")
    with pytest.raises(ZooError, match=r"transcript of r7 holds 'x', 'é', which .* data.unknown=drop or map"):
        Alphabet.of(texts).fit("aéx", "r7")
    assert Alphabet.of(texts, "drop").fit("aéx", "r7") == "a"
    assert Alphabet.of(texts, "map").fit("aéx", "r7") == "ae"
    assert Alphabet.of(texts, characters="xyz").characters == ("x", "y", "z")
    assert Alphabet.of(texts).encode("ab e") == [2, 3, 1, 5]
    with pytest.raises(ZooError, match="hold no character"):
        Alphabet.of([])


def test_the_list_of_prompts() -> None:
    found = read(["; a remark", "", "digits/1: one", "a: note: it", "beep: [a tone]"])
    assert found == [Line(3, "digits/1", "one"), Line(4, "a", "note: it"), Line(5, "beep", "[a tone]")]
    assert spoken(words("press * (twice) or #<beep>")) == "press star or pound"
    with pytest.raises(ZooError, match="line 1 of the transcripts, 'hello', does not read as"):
        read(["hello"])


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with sixty prompts, each twice."""
    folder = tmp_path / prompts.SOUNDS.replace("://", "/")
    folder.mkdir(parents=True)
    lines = []
    for i in range(60):
        for name in (f"p{i}", f"again{i}"):
            soundfile.write(folder / f"{name}.wav", 0.1 * np.sin(np.arange(800 + 40 * i) / 4), 8000)
            lines.append(f"{name}: {number(str(i)).title()}!")
    lines.append("beep: [a tone]")
    listed = tmp_path / prompts.TEXTS[0].replace("://", "/")
    listed.parent.mkdir(parents=True)
    listed.write_bytes(gzip.compress("\n".join(lines).encode()))
    monkeypatch.setattr(prompts, "TEXTS", (prompts.TEXTS[0], None))
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    return tmp_path


def test_prompts_hold_sentences_out(mirror: Path) -> None:
    data = Prompts("prompts", Pipeline(), objective="transcribe", sorted=True, batch_size=8, unknown="drop")
    data.prepare_data()
    data.setup()
    rows = {part: set(data.transcripts(part)) for part in ("train", "val", "test")}
    assert sum(map(len, rows.values())) == 60, "a sentence is on one side only"
    assert all(2 <= len(rows[part]) <= 14 for part in ("val", "test"))
    assert data.classes[0] == "<blank>"
    batch = next(iter(data.train_dataloader()))
    B, L = batch["tokens"].shape
    assert (B, batch["token_lengths"].max()) == (8, L)
    rows_of = zip(batch["tokens"], batch["token_lengths"], strict=True)
    texts = ["".join(data.classes[t] for t in row[:n]) for row, n in rows_of]
    by_name = data.by_name
    assert texts == [spoken(by_name[name].text) for name in batch["names"]]
    assert data.profile().classes["e"] == sum(text.count("e") for text in data.transcripts("train"))
    shorter = Prompts("prompts", Pipeline(), longest=0.2, objective="transcribe", unknown="drop")
    assert len(shorter.split.parts["train"]) < len(data.split.parts["train"])
    assert len(shorter.split.parts["test"]) == len(data.split.parts["test"])
    with pytest.raises(ZooError, match="task.objective=tag is nothing that these data serve"):
        Prompts("prompts", Pipeline(), objective="tag", objectives=["transcribe"])


def test_digits_are_words_too(tmp_path: Path) -> None:
    for digit in range(10):
        for speaker in ("ann", "bob"):
            for take in range(7):
                soundfile.write(tmp_path / f"{digit}_{speaker}_{take}.wav", 0.1 * np.ones(400), 8000)
    data = SpokenDigits("speech", Pipeline(), test_speakers=["bob"], root=str(tmp_path), objective="transcribe")
    data.setup()
    assert set(data.transcripts("train")) == set(DIGITS)
    assert data.classes == ("<blank>", *sorted(set("".join(DIGITS))))


@pytest.mark.real
def test_the_real_prompts() -> None:
    data = Prompts("prompts", Pipeline(), longest=20, objective="transcribe")
    data.prepare_data()
    data.setup()
    assert sum(len(rows) for rows in data.split.parts.values()) >= 540
    assert len(data.classes) == 29
    assert "nine" in data.transcripts("test")
