"""Entities in sentences: WNUT-17, or your own CoNLL files.

Derczynski et al. 2017, “Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition”,
https://aclanthology.org/W17-4418; CC-BY 4.0. The split is the authors': train is Twitter of 2010, dev is YouTube, test is
of three other places, and its entities are rare by design.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recipes.kit.inference_sample import InferenceSample
from recipes.kit.module import Change
from recipes.kit.settings import Positive
from recipes.kit.split import SPLITS, Leakage, Split, split_of_name
from recipes.kit.table import Invalid
from recipes.text import lines
from recipes.text.conll import Sentence, read
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
    sentence of more than `longest` words is cut there.
    """

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        root: str | None = None,
        invalid: Invalid = "error",
        leakage: Leakage = "note",
        longest: Positive = 200,
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        self.root, self.invalid, self.leakage, self.longest = root, invalid, leakage, longest

    def sources(self) -> Sequence[Source]:
        """Return the three files of WNUT-17; none for the user's own."""
        if self.root is not None:
            return []
        return [Source(f"{SOURCE}/{name}", sha256) for name, sha256 in FILES.values()]

    def files(self) -> dict[str, Path]:
        """Return the file of each split."""
        if self.root is None:
            return dict(zip(FILES, fetch_files(self.sources()), strict=True))
        root = Path(self.root)
        every = [path for path in sorted(root.iterdir()) if path.is_file()] if root.is_dir() else []
        found = {part: [p for p in every if split_of_name(p.name) == part] for part in SPLITS}
        for part, paths in found.items():
            if len(paths) != 1:
                said = ", ".join(path.name for path in paths) or "none"
                raise ZooError(
                    f"data.root={self.root!r} must hold one CoNLL file whose name has the word {part}"
                    f"{' (or dev)' if part == 'val' else ''}; it holds {said}"
                )
        return {part: paths[0] for part, paths in found.items()}

    def read_split(self) -> Split[Text]:
        """Read the sentences; the classes are those of the training split."""
        read_: dict[str, list[Sentence]] = {}
        notes: list[str] = []
        for part, path in self.files().items():
            read_[part], told = read(path, self.invalid)
            notes += told
        names = {label for sentences in read_.values() for s in sentences for label in s.labels}
        scheme, said = converter(names)
        notes += said
        read_ = {
            part: [s._replace(labels=tuple(map(scheme.__getitem__, s.labels))) for s in found]
            for part, found in read_.items()
        }
        labels = {label for s in read_["train"] for label in s.labels}
        classes = self.known or tuple(sorted(labels, key=lambda label: (label != OUTSIDE, label)))
        texts = {part: self.texts(part, sentences, classes) for part, sentences in read_.items()}
        cut = sum(len(text) for text in texts.values()) - sum(len(sentences) for sentences in read_.values())
        if cut:
            notes.append(f"sentences of more than {self.longest} words were cut, which made {cut} more")
        parts, leaks = settle_leakage(texts, lambda text: text.words, self.leakage)
        licence = "CC-BY-4.0" if self.root is None else "unknown"
        return Split(parts, classes, notes=(*notes, *leaks), licence=licence)

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
        for line, text in lines.texts(path, [(None, TEXT, "the column")], None, None):
            if "\t" in text:
                raise ZooError(
                    f"{path}, line {line} has a tab: call the file .conll if it is a word and its label a line"
                )
            yield line, words(text)

    def texts(self, part: str, sentences: Sequence[Sentence], classes: Sequence[str]) -> list[Text]:
        """Return the sentences of a split with their labels by number, none of them too long."""
        counts = Counter(label for sentence in sentences for label in sentence.labels)
        if unknown := [label for label in counts if label not in classes]:
            raise ZooError(
                f"{part} has the label {unknown[0]!r} ({counts[unknown[0]]} words), which training has not"
                f"{near(unknown[0], classes)}; it has {', '.join(classes)}"
            )
        numbers, longest = {label: i for i, label in enumerate(classes)}, self.longest
        return [
            Text(
                f"{part}:{sentence.line}" + (f"+{start}" if start else ""),
                sentence.words[start : start + longest],
                tags=tuple(numbers[label] for label in sentence.labels[start : start + longest]),
                outside=numbers.get(OUTSIDE),
            )
            for sentence in sentences
            for start in range(0, len(sentence.words), longest)
        ]
