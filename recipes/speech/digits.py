"""Free Spoken Digits: 3,000 recordings of the English digits by six speakers, 8 kHz.

Jackson et al. 2018, https://github.com/Jakobovski/free-spoken-digit-dataset, https://doi.org/10.5281/zenodo.1342401;
CC-BY-SA 4.0. Two splits: `speakers` holds whole speakers out, which is what a user's voice is to a trained model;
`official` is the authors' (takes 0-4 are for the test) and hears every voice in training.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recipes.kit.choice import one_of
from recipes.kit.module import Change
from recipes.kit.split import Split
from recipes.speech.recordings import Recording, Recordings
from zoo.errors import ZooError, near
from zoo.sources import Source, fetch_files

SOURCE = "github://Jakobovski/free-spoken-digit-dataset@26eb9aa/recordings"
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TAKES = 50
#: sha256 over all 3,000 files, in the order of their names.
SHA256 = "ddb17656a0bca4c5ddace082be188ca630516dc2ef1110afe3c4e9cc71173de4"
NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[A-Za-z]+)_(?P<take>\d+)")
#: Takes that the authors set aside for the test, and as many after them.
FIRST, SECOND = range(5), range(5, 10)


class SpokenDigits(Recordings):
    """Ten classes, `zero` to `nine`."""

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        split: str = "speakers",
        test_speakers: Sequence[str] = ("lucas", "theo"),
        val_speakers: Sequence[str] = (),
        root: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        one_of("data.split", split, ("speakers", "official"))
        self.how, self.root = split, root
        self.test_speakers, self.val_speakers = tuple(test_speakers), tuple(val_speakers)

    def prepare_data(self) -> None:
        """Fetch the recordings, or see whether the user's own are there."""
        self.folder()

    def sources(self) -> Sequence[Source]:
        """Return the 3,000 recordings; their sha256 is one over all of them, which `read_split` checks."""
        if self.root is not None:
            return []
        names = [f"{d}_{s}_{t}.wav" for d in range(len(DIGITS)) for s in SPEAKERS for t in range(TAKES)]
        return [Source(f"{SOURCE}/{name}") for name in names]

    def folder(self) -> Path:
        """Return the folder of the recordings."""
        if self.root is not None:
            if not Path(self.root).is_dir():
                raise ZooError(f"data.root={self.root!r} is not a folder; it must hold <digit>_<speaker>_<take>.wav")
            return Path(self.root)
        return fetch_files(self.sources())[0].parent

    def read_split(self) -> Split[Recording]:
        """Read the names of the files and split by them."""
        folder = self.folder()
        recordings = [recording_of(path) for path in sorted(folder.glob("*.wav"))]
        if not recordings:
            raise ZooError(f"data.root={str(folder)!r} holds no wav files; they are named <digit>_<speaker>_<take>.wav")
        if self.root is None:
            check_whole(folder, recordings)
        parts, note = self.by_speakers(recordings) if self.how == "speakers" else by_takes(recordings)
        licence = "CC-BY-SA-4.0" if self.root is None else "unknown"
        return Split(parts, DIGITS, notes=(note,), licence=licence)

    def check_speakers(self, here: Sequence[str]) -> None:
        """Refuse speakers who are not here, or in the test and in validation."""
        for speaker in (*self.test_speakers, *self.val_speakers):
            if speaker not in here:
                raise ZooError(f"no speaker {speaker!r}{near(speaker, here)}; the recordings are of {', '.join(here)}")
        if both := set(self.test_speakers) & set(self.val_speakers):
            raise ZooError(
                f"speaker {min(both)!r} is in data.test_speakers and in data.val_speakers; keep one of the two"
            )

    def by_speakers(self, recordings: Sequence[Recording]) -> tuple[dict[str, list[Recording]], str]:
        """Hold the test speakers out, and the validation speakers or else a few takes of the remaining ones."""
        self.check_speakers(sorted({recording.speaker for recording in recordings}))
        test = [recording for recording in recordings if recording.speaker in self.test_speakers]
        others = [recording for recording in recordings if recording.speaker not in self.test_speakers]
        if self.val_speakers:
            val = [recording for recording in others if recording.speaker in self.val_speakers]
            how = f"validation: {' and '.join(self.val_speakers)}"
        else:
            val = [recording for recording in others if take_of(recording) in FIRST]
            how = "validation: takes 0-4 of the speakers that are trained on, so its figures flatter"
        kept = {recording.name for recording in val}
        train = [recording for recording in others if recording.name not in kept]
        note = f"test: all recordings of {' and '.join(self.test_speakers)}, whom training never hears; {how}"
        return {"train": train, "val": val, "test": test}, note


def by_takes(recordings: Sequence[Recording]) -> tuple[dict[str, list[Recording]], str]:
    """Split as the authors do: takes 0-4 for the test; and takes 5-9 for validation."""
    parts: dict[str, list[Recording]] = {"train": [], "val": [], "test": []}
    for recording in recordings:
        take = take_of(recording)
        parts["test" if take in FIRST else "val" if take in SECOND else "train"].append(recording)
    return parts, "test: takes 0-4, the official split, whose speakers are those of training; validation: takes 5-9"


def recording_of(path: Path) -> Recording:
    """Read digit and speaker off the name of a file."""
    found = NAME.fullmatch(path.stem)
    if found is None:
        raise ZooError(
            f"recording {path} is not named <digit>_<speaker>_<take>.wav, as 7_jackson_32.wav is; rename it, or say"
            " data=folder for recordings in a folder for each label"
        )
    digit = int(found["digit"])
    return Recording(path.stem, path, digit, found["speaker"], DIGITS[digit])


def take_of(recording: Recording) -> int:
    """Return the number of the take."""
    return int(recording.name.rsplit("_", 1)[1])


def check_whole(folder: Path, recordings: Sequence[Recording]) -> None:
    """Refuse a download that is not the data set that the figures were measured on."""
    digest = hashlib.sha256()
    for recording in sorted(recordings, key=lambda r: r.path.name):
        digest.update(recording.path.read_bytes())
    if digest.hexdigest() != SHA256:
        raise ZooError(
            f"the {len(recordings)} recordings in {folder} are not those of {SOURCE} (sha256 {digest.hexdigest()});"
            " remove the folder and fetch them again, or name it as data.root to train on it as your own"
        )
