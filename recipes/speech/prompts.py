"""Recorded prompts of a telephone exchange: 550 sentences and words in English, one voice, 8 kHz, 25 minutes.

The sounds of Asterisk, spoken by Allison Smith, with their transcripts; CC-BY-SA 3.0. Two Debian packages carry them:
https://packages.debian.org/bookworm/asterisk-core-sounds-en-wav and https://packages.debian.org/bookworm/asterisk-core-sounds-en.
A tenth of the sentences is held out: what is said more than once, in whatever recording, is on one side only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.kit.module import Change
from recipes.kit.split import SPLITS, Split, check_ratios, split_by_hash
from recipes.speech import wav
from recipes.speech.recordings import Recording, Recordings
from recipes.text.asterisk import VERSION, unpack, without_remarks
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


class Prompts(Recordings):
    """Recordings with transcripts; what is asked is to transcribe."""

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        ratios: Sequence[float] = (0.8, 0.1, 0.1),
        split_seed: int = 0,
        longest: float | None = None,
        **settings: Any,
    ) -> None:
        """Recordings of more than `longest` seconds have no part in training."""
        super().__init__(name, augment, **settings)
        self.ratios, self.split_seed, self.longest = check_ratios(ratios), split_seed, longest

    def sources(self) -> Sequence[Source]:
        """Return the list of transcripts, from which the recordings follow."""
        return [Source(*TEXTS)]

    def prepare_data(self) -> None:
        """Fetch the transcripts and the recordings that they name."""
        self.files(self.said())

    def said(self) -> dict[str, str]:
        """Return what is said, by name of the recording; recordings without words are left out."""
        lines = unpack(fetch_files(self.sources())[0])
        said = {line.name: words(line.text) for line in lines if line.name not in ABSENT}
        return {name: text for name, text in said.items() if spoken(text)}

    def files(self, said: Mapping[str, str]) -> dict[str, Path]:
        """Return where the recording of each name is."""
        paths = fetch_files([Source(f"{SOUNDS}/{name}.wav") for name in said])
        return dict(zip(said, paths, strict=True))

    def read_split(self) -> Split[Recording]:
        """Read the transcripts and hold a tenth of the different sentences out."""
        said = self.said()
        recordings = [Recording(name, path, text=said[name]) for name, path in self.files(said).items()]
        parts = by_sentence(recordings, self.ratios, self.split_seed)
        if self.longest is not None:
            parts["train"] = [r for r in parts["train"] if wav.facts(r.path).seconds <= self.longest]
        counts = {part: len(rows) for part, rows in parts.items()}
        note = (
            f"test: {self.ratios[2]:.0%} of the different sentences ({counts['test']} recordings), validation as many"
            f" ({counts['val']}); the voice is that of training"
        )
        return Split(parts, notes=(note,), licence="CC-BY-SA-3.0")


def words(text: str) -> str:
    """Return a text without its remarks, with the signs in words."""
    text = without_remarks(text)
    for sign, word in SIGNS.items():
        text = text.replace(sign, word)
    return text


def by_sentence(recordings: Sequence[Recording], ratios: Sequence[float], seed: int) -> dict[str, list[Recording]]:
    """Split by what is said: a sentence goes where a hash of the seed and its words lies."""
    parts: dict[str, list[Recording]] = {part: [] for part in SPLITS}
    for recording in recordings:
        parts[split_by_hash(f"{seed}:{spoken(recording.text)}", ratios)].append(recording)
    return parts
