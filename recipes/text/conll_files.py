"""The CoNLL files of a folder: of which split each is, and how sentences are divided where none says it."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from recipes.kit.split import SPLITS, draw, split_of_name
from recipes.text.conll import COLUMNED, TAGGED, Sentence, holds_tags
from zoo.errors import ZooError, agreeing, counted, first_few

#: Documents are kept whole where there are so many; of fewer, the shares of the splits would be far from what is asked.
DOCUMENTS = 20
#: Files that are told by name.
TOLD = 3


class Tagged(NamedTuple):
    """A file of sentences, what its samples are called by, and its split, "" where its name says none."""

    path: Path
    name: str
    split: str


class Placed(NamedTuple):
    """A sentence, and what its file is called in names."""

    file: str
    sentence: Sentence

    @property
    def document(self) -> tuple[str, int]:
        """The document that it is of: a file, or a part of one that is marked so."""
        return self.file, self.sentence.document


def tagged_files(root: Path) -> tuple[list[Tagged], tuple[str, ...]]:
    """Return the files of sentences at `root`, itself or in it, by name, and a note on those that no split is of.

    The split is that of the file's name, else of the nearest folder that names one.
    """
    if root.is_file():
        return [Tagged(root, root.name, "")], ()
    if not root.is_dir():
        raise ZooError(f"data.root={str(root)!r} is neither a CoNLL file nor a folder of such")
    found = [(path, split_of_path(path.relative_to(root))) for path in visible(root)]
    files = [(path, split) for path, split in found if is_tagged(path, split)]
    if not files:
        raise ZooError(
            f"data.root={str(root)!r} holds no CoNLL file; a line is a word, a tab and its label, an empty line ends a"
            " sentence"
        )
    named = [(path, split) for path, split in files if split]
    splits = [split for _, split in named]
    if named and "train" not in splits:
        raise ZooError(
            f"data.root={str(root)!r} holds {told([p for p, _ in named])}, and no file whose name has the word train"
        )
    made = [Tagged(path, called(path, root, split, splits), split) for path, split in named or files]
    left = [path for path, split in files if named and not split]
    note = f"{agreeing(len(left), '[file is|files are] of no split and [was|were] left out')}: {told(left)}"
    return made, (note,) if left else ()


def visible(root: Path) -> list[Path]:
    """Return the files below a folder that are not hidden."""
    return [
        p
        for p in sorted(root.rglob("*"))
        if p.is_file() and not any(q.startswith(".") for q in p.relative_to(root).parts)
    ]


def split_of_path(path: Path) -> str:
    """Return the split that the name of a file, else of the nearest folder around it, says; "" for none."""
    return next((split for name in reversed(path.parts) if (split := split_of_name(name))), "")


def is_tagged(path: Path, split: str) -> bool:
    """Say whether a file is to be read: by an ending that only CoNLL has, one of texts and a split, or by what it holds."""
    suffix = path.suffix.lower()
    return suffix in TAGGED or (suffix in COLUMNED and bool(split)) or holds_tags(path)


def called(path: Path, root: Path, split: str, splits: Sequence[str]) -> str:
    """Return what the sentences of a file are called by: the split, where the file is all of it, else its own path."""
    return split if splits.count(split) == 1 else path.relative_to(root).as_posix()


def told(paths: Sequence[Path]) -> str:
    """Return some names of files."""
    return first_few([path.name for path in paths], TOLD)


def divide(
    named: Mapping[str, Sequence[Placed]], ratios: Sequence[float], seed: int
) -> tuple[dict[str, list[Placed]], tuple[str, ...]]:
    """Return the sentences by split; what no file is of is drawn: from those without a split, which are under "", or train."""
    parts = {part: list(named.get(part, ())) for part in SPLITS}
    source = "" if "" in named else "train"
    missing = [part for part in SPLITS if not parts[part]]
    if not missing:
        return parts, ()
    wanted = [part for part in SPLITS if part in ("train", *missing)]
    drawn, unit = draw_sentences(list(named[source]), wanted, ratios, seed)
    counts = ", ".join(f"{part} {len(those)}" for part, those in drawn.items())
    what = "split" if source == "" else " and no ".join(missing)
    of = "" if source == "" else " of train"
    said = f"the files name no {what}; {counted(len(named[source]), 'sentence')}{of} were drawn by {unit}"
    return parts | drawn, (f"{said} with data.split_seed={seed}: {counts}",)


def draw_sentences(
    items: Sequence[Placed], parts: Sequence[str], ratios: Sequence[float], seed: int
) -> tuple[dict[str, list[Placed]], str]:
    """Draw splits: documents whole where there are enough of them, else sentences, those of the same words together.

    Sentences are divided alike by their rarest label, and no label is in another split than train alone.
    """
    shares = dict(zip(SPLITS, ratios, strict=True))
    total = sum(shares[part] for part in parts)
    wanted = [shares[part] / total for part in parts]
    if len({one.document for one in items}) >= DOCUMENTS:
        drawn = draw(items, wanted, seed, lambda one: one.document, parts=parts)
        return moved_to_train(drawn, lambda one: one.document), "document"
    counts = Counter(label for one in items for label in set(one.sentence.labels))
    rarest = {label: place for place, (label, _) in enumerate(reversed(counts.most_common()))}
    drawn = draw(
        items,
        wanted,
        seed,
        lambda one: one.sentence.words,
        lambda one: min(one.sentence.labels, key=rarest.__getitem__),
        parts=parts,
    )
    return moved_to_train(drawn, lambda one: one.sentence.words), "sentence"


def moved_to_train(
    drawn: Mapping[str, Sequence[Placed]], group: Callable[[Placed], Hashable]
) -> dict[str, list[Placed]]:
    """Return splits of which none but train has labels that train has not: groups with such are put there."""
    parts = {part: list(those) for part, those in drawn.items()}
    for part in [part for part in parts if part != "train"]:
        known = {label for one in parts["train"] for label in one.sentence.labels}
        strange = {group(one) for one in parts[part] if not known.issuperset(one.sentence.labels)}
        parts["train"] += [one for one in parts[part] if group(one) in strange]
        parts[part] = [one for one in parts[part] if group(one) not in strange]
    return parts
