"""Entities in sentences: WNUT-17, or your own CoNLL files.

Derczynski et al. 2017, “Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition”,
https://aclanthology.org/W17-4418; CC-BY 4.0. The split is the authors': train is Twitter of 2010, dev is YouTube, test is
of three other places, and its entities are rare by design.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from recipes.kit.inference_sample import InferenceSample
from recipes.kit.module import Change
from recipes.kit.settings import Positive
from recipes.kit.split import Leakage, Split, check_ratios, note_absent
from recipes.kit.table import Invalid
from recipes.text import lines
from recipes.text.conll import read
from recipes.text.conll_files import Placed, Tagged, divide, tagged_files
from recipes.text.leakage import settle_leakage
from recipes.text.lines import ENDINGS
from recipes.text.scheme import OUTSIDE, converter
from recipes.text.text import Text
from recipes.text.texts import Texts
from zoo.errors import ZooError, near
from zoo.sequence.vocabulary import words
from zoo.sources import Source, fetch_files

SOURCE = "github://leondz/emerging_entities_17@e52a2d2"
FILES = {
    "train": ("wnut17train.conll", "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5"),
    "val": ("emerging.dev.conll", "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8"),
    "test": ("emerging.test.annotated", "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0"),
}
#: What a column of sentences is called in a table without labels.
TEXT = ("text", "sentence", "content", "message")


class Entities(Texts):
    """Sentences with a label a word; the classes are O, where there is one, and then the others by the alphabet.

    `invalid` lines: error, drop. `leakage`, sentences of training that stand in val or test too: note, drop, error. A
    sentence of more than `longest` words is cut there. What no file is named as is drawn, by `ratios` and `split_seed`.
    """

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        root: str | None = None,
        invalid: Invalid = "error",
        leakage: Leakage = "note",
        longest: Positive = 200,
        ratios: Sequence[float] = (0.8, 0.1, 0.1),
        split_seed: Annotated[int, Field(ge=0)] = 0,
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        self.root, self.invalid, self.leakage, self.longest = root, invalid, leakage, longest
        self.ratios, self.split_seed = check_ratios(ratios), split_seed

    def sources(self) -> Sequence[Source]:
        """Return the three files of WNUT-17; none for the user's own."""
        if self.root is not None:
            return []
        return [Source(f"{SOURCE}/{name}", sha256) for name, sha256 in FILES.values()]

    def files(self) -> tuple[list[Tagged], tuple[str, ...]]:
        """Return the files, and notes on them."""
        if self.root is not None:
            return tagged_files(Path(self.root).expanduser())
        paths = fetch_files(self.sources())
        return [Tagged(path, part, part) for part, path in zip(FILES, paths, strict=True)], ()

    def read_placed(self) -> tuple[dict[str, list[Placed]], list[str]]:
        """Return the sentences by split, "" where no file says it, their labels in the scheme of all, and notes."""
        files, told = self.files()
        read_ = {file: read(file.path, self.invalid) for file in files}
        scheme, said = converter(label for found in read_.values() for s in found.sentences for label in s.labels)
        placed: dict[str, list[Placed]] = {}
        for file, found in read_.items():
            relabelled = (s._replace(labels=tuple(map(scheme.__getitem__, s.labels))) for s in found.sentences)
            placed.setdefault(file.split, []).extend(Placed(file.name, sentence) for sentence in relabelled)
        return placed, [*told, *(note for found in read_.values() for note in found.notes), *said]

    def read_split(self) -> Split[Text]:
        """Read the sentences, and divide them where no file says it; the classes are those of the training split."""
        placed, notes = self.read_placed()
        drawn, how = divide(placed, self.ratios, self.split_seed)
        labels = {label for one in drawn["train"] for label in one.sentence.labels}
        classes = self.known or tuple(sorted(labels, key=lambda label: (label != OUTSIDE, label)))
        texts = {part: self.texts(part, those, classes) for part, those in drawn.items()}
        cut = sum(len(text) for text in texts.values()) - sum(len(those) for those in drawn.values())
        cuts = [f"sentences of more than {self.longest} words were cut, which made {cut} more"] if cut else []
        parts, leaks = settle_leakage(texts, lambda text: text.words, self.leakage)
        absent = note_absent(parts, classes, lambda text: text.tags) if all(parts.values()) else ()
        licence = "CC-BY-4.0" if self.root is None else "unknown"
        return Split(parts, classes, notes=(*notes, *how, *cuts, *absent, *leaks), licence=licence)

    def inference_samples(self, path: Path) -> Iterator[InferenceSample]:
        """Yield sentences: of a table, or a line each of a .txt; a file of another ending is CoNLL, with labels or without.

        One of more than `longest` words comes in parts, as in training.
        """
        for line, sentence in self.sentences(path):
            for start in range(0, len(sentence), self.longest):
                place = f"{line}+{start}" if start else str(line)
                yield self.as_new(place, sentence[start : start + self.longest])

    def sentences(self, path: Path) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the words of the sentences of a new file, and the lines that they begin at."""
        if path.suffix.lower() not in ENDINGS:
            yield from ((sentence.line, sentence.words) for sentence in read(path, labelled=False).sentences)
            return
        for line, text in lines.texts(path, [(None, TEXT)], None, None):
            if "\t" in text:
                raise ZooError(
                    f"{path}, line {line} has a tab: call the file .conll if it is a word and its label a line"
                )
            yield line, words(text)

    def texts(self, part: str, placed: Sequence[Placed], classes: Sequence[str]) -> list[Text]:
        """Return the sentences of a split with their labels by number, none of them too long."""
        counts = Counter(label for one in placed for label in one.sentence.labels)
        if unknown := [label for label in counts if label not in classes]:
            raise ZooError(
                f"{part} has the label {unknown[0]!r} ({counts[unknown[0]]} words), which training has not"
                f"{near(unknown[0], classes)}; it has {', '.join(classes)}"
            )
        numbers, longest = {label: i for i, label in enumerate(classes)}, self.longest
        return [
            Text(
                f"{file}:{sentence.line}" + (f"+{start}" if start else ""),
                sentence.words[start : start + longest],
                tags=tuple(numbers[label] for label in sentence.labels[start : start + longest]),
                outside=numbers.get(OUTSIDE),
            )
            for file, sentence in placed
            for start in range(0, len(sentence.words), longest)
        ]
