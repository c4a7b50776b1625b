"""The labels of a site: what went out to be annotated, what came back, of whom, when, and what which model had said of it.

batches/000001.json   what was taken for a batch, why, and what the model said of it
labels/000001.json    what came back at once; nothing is changed afterwards, and what comes later counts
labels/files/         the inputs that have labels, by the hash of their content: the inbox may be emptied

Inputs that were drawn at random are held out: challengers are judged on them, and nothing learns from them.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import atomic_write, ensure_dir, write_json
from zoo.sites.numbered import NumberedFiles

Truth = Mapping[str, Any]
#: Digits of the hash that name an input.
DIGITS = 16


@dataclass(frozen=True)
class Item:
    """An input that is to be annotated: its file, the hash of it, why it was taken, and what the model of `version` said.

    `record` is that of its answer, "" where it was not served; `place` and `time` are those of that record.
    """

    file: str
    sha256: str
    reason: str
    version: str
    said: Truth
    doubt: float = 0.0
    novelty: float = 0.0
    record: str = ""
    place: str = ""
    time: str = ""


@dataclass(frozen=True)
class Labelled:
    """An input with what a person said of it: `truth` as `recipes.annotation` has it; `by` whom, `when`; `batch` 0: of none.

    `settles` tells that it decides where others disagree. `set` names the frozen set that it was given to, if it was.
    """

    item: Item
    truth: Truth
    by: str
    when: str
    batch: int = 0
    settles: bool = False
    set: str = ""

    @property
    def held_out(self) -> bool:
        """Whether it is to judge by, and not to learn from."""
        return bool(self.set) or self.item.reason == "random"


class Lists(NumberedFiles):
    """Numbered files that hold a list of items each."""

    def read(self, path: Path) -> dict[str, Any]:
        """Read one file."""
        found = self.load(path)
        if not isinstance(found, dict) or not isinstance(found.get("items"), list):
            raise ZooError(f"{path} holds no list of items; put it back from a copy of the site")
        return found

    def next(self) -> int:
        """Return the number of the next file."""
        return 1 + max((int(path.stem) for path in self.files()), default=0)

    def add(self, content: Mapping[str, Any]) -> int:
        """Write the next file, and return its number; who adds holds the lock of the site."""
        ensure_dir(self.folder, "free the disk")
        number = self.next()
        time = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(self.folder / f"{number:06d}.json", {"number": number, "time": time, **content})
        return number


class LabelBook:
    """The batches and the labels of a site."""

    def __init__(self, site: Path) -> None:
        self.batches, self.returns = Lists(site / "batches"), Lists(site / "labels")
        self.kept = site / "labels" / "files"

    def take_out(self, items: Sequence[Item], facts: Mapping[str, Any]) -> int:
        """Note what goes out as a batch; return its number."""
        return self.batches.add({**facts, "items": [asdict(one) for one in items]})

    def out(self) -> dict[str, tuple[int, Item]]:
        """Return every input that ever went out, by the name of its file, with the number of its last batch."""
        found = dict[str, tuple[int, Item]]()
        for path in self.batches.files():
            content = self.batches.read(path)
            found |= {one["file"]: (int(content["number"]), item_of(one, path)) for one in content["items"]}
        return found

    def bring_back(self, labelled: Sequence[Labelled], paths: Mapping[str, Path]) -> int:
        """Keep labels, and the inputs that they are of, whose `paths` are by the hash of their content."""
        ensure_dir(self.kept, "free the disk")
        for one in labelled:
            if not self.path(one.item).exists():
                with atomic_write(self.path(one.item)) as part:
                    shutil.copyfile(paths[one.item.sha256], part)
        return self.returns.add({"items": [asdict(one) for one in labelled]})

    def path(self, item: Item) -> Path:
        """Return where an input with labels is kept."""
        return self.kept / f"{item.sha256[:DIGITS]}{Path(item.file).suffix.lower()}"

    def all(self) -> list[Labelled]:
        """Return all that came back, the first first."""
        found = []
        for path in self.returns.files():
            for one in self.returns.read(path)["items"]:
                try:
                    found.append(Labelled(**{**one, "item": item_of(one["item"], path)}))
                except (TypeError, KeyError) as error:
                    raise ZooError(
                        f"{path} holds an item that is none ({error}); restore a copy of the site"
                    ) from error
        return found

    def by_input(self) -> dict[str, list[Labelled]]:
        """Return what counts of each input, by its hash: the last word of each who labelled it; or that which settles it."""
        found = defaultdict[str, dict[str, Labelled]](dict)
        settled = dict[str, Labelled]()
        for one in self.all():
            found[one.item.sha256][one.by] = one
            if one.settles:
                settled[one.item.sha256] = one
        return {key: [settled[key]] if key in settled else [*those.values()] for key, those in found.items()}


def item_of(facts: Any, path: Path) -> Item:
    """Return an item as it was written."""
    try:
        return Item(**facts)
    except TypeError as error:
        raise ZooError(f"{path} holds an item that is none ({error}); put it back from a copy of the site") from error


@dataclass(frozen=True)
class Settled:
    """Inputs with one truth each, and those about which people disagree, with all that was said."""

    agreed: tuple[Labelled, ...]
    conflicts: tuple[tuple[Labelled, ...], ...]


def settle(book: LabelBook, agreement: Callable[[Truth, Truth], float], agreed: float) -> Settled:
    """Part inputs on whose truth all agree, at least `agreed`, from others; of the former what was said last counts."""
    good, bad = [], []
    for those in book.by_input().values():
        pairs = ((a, b) for i, a in enumerate(those) for b in those[i + 1 :])
        if all(agreement(a.truth, b.truth) >= agreed for a, b in pairs):
            good.append(those[-1])
        else:
            bad.append(tuple(those))
    return Settled(tuple(good), tuple(bad))
