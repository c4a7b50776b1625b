"""Recorded prompts of a telephone exchange: 550 sentences and words in English, one voice, 8 kHz, 25 minutes.

The sounds of Asterisk, spoken by Allison Smith, with their transcripts; CC-BY-SA 3.0. Two Debian packages carry them:
https://packages.debian.org/bookworm/asterisk-core-sounds-en-wav and https://packages.debian.org/bookworm/asterisk-core-sounds-en.
A tenth of the sentences is held out: what is said more than once, in whatever recording, is on one side only.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.speech import wav
from recipes.speech.augment import Change
from recipes.speech.recordings import Recording, Recordings, Split
from recipes.transcripts import VERSION, unpacked, without_remarks
from zoo.sequence.spoken import spoken
from zoo.sources import Source, fetch_files

SOUNDS = f"debian://asterisk-core-sounds-en-wav=={VERSION}/usr/share/asterisk/sounds/en_US_f_Allison"
TEXTS = (
    f"debian://asterisk-core-sounds-en=={VERSION}/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz",
    "436538195b7c7361bd227036686f1a4039f694648c76573bdaca956655d34450",
)
#: Signs that the list writes and the voice says.
SIGNS = {"*": " star ", "#": " pound "}
#: Listed, but not among the recordings of this version.
ABSENT = ("pls-try-call-later",)
#: Share of the sentences that are held out for the test, and as many for validation.
HELD_OUT = 0.1


class Prompts(Recordings):
    """Recordings with transcripts; what is asked is to transcribe."""

    def __init__(
        self, name: str, augment: Change, split_seed: int = 0, longest: float | None = None, **options: Any
    ) -> None:
        """Recordings of more than `longest` seconds have no part in training."""
        super().__init__(name, augment, options)
        self.split_seed, self.longest = split_seed, longest

    def sources(self) -> Sequence[Source]:
        """Return the list of transcripts, from which the recordings follow."""
        return [Source(*TEXTS)]

    def prepare_data(self) -> None:
        """Fetch the transcripts and the recordings that they name."""
        self.files(self.said())

    def said(self) -> dict[str, str]:
        """Return what is said, by name of the recording; recordings without words are left out."""
        lines = unpacked(fetch_files(self.sources())[0])
        said = {line.name: words(line.text) for line in lines if line.name not in ABSENT}
        return {name: text for name, text in said.items() if spoken(text)}

    def files(self, said: Mapping[str, str]) -> dict[str, Path]:
        """Return where the recording of each name is."""
        paths = fetch_files([Source(f"{SOUNDS}/{name}.wav") for name in said])
        return dict(zip(said, paths, strict=True))

    def read_split(self) -> Split:
        """Read the transcripts and hold a tenth of the different sentences out."""
        said = self.said()
        recordings = [Recording(name, path, text=said[name]) for name, path in self.files(said).items()]
        parts = by_sentence(recordings, self.split_seed)
        if self.longest is not None:
            parts["train"] = [r for r in parts["train"] if wav.facts(r.path).seconds <= self.longest]
        counts = {part: len(rows) for part, rows in parts.items()}
        note = (
            f"test: a tenth of the different sentences ({counts['test']} recordings), validation as many"
            f" ({counts['val']}); the voice is that of training"
        )
        return Split(parts, (), (note,), "CC-BY-SA-3.0")


def words(text: str) -> str:
    """Return a text without its remarks, with the signs in words."""
    text = without_remarks(text)
    for sign, word in SIGNS.items():
        text = text.replace(sign, word)
    return text


def by_sentence(recordings: Sequence[Recording], seed: int) -> dict[str, list[Recording]]:
    """Split by what is said: a sentence goes where a hash of its words and the seed lies, a tenth to the test."""
    parts: dict[str, list[Recording]] = {"train": [], "val": [], "test": []}
    for recording in recordings:
        text = f"{seed}:{spoken(recording.text)}".encode()
        place = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / 2**64
        part = "test" if place < HELD_OUT else "val" if place < 2 * HELD_OUT else "train"
        parts[part].append(recording)
    return parts
