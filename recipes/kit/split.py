"""Training, validation and test: what every reader gives, and how samples are divided where the data do not say it."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from zoo.errors import ZooError, clean, first_few, near

T = TypeVar("T")
SPLITS = ("train", "val", "test")
#: What columns, folders and files call the splits.
NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
#: What becomes of samples of training that stand in val or test too.
Leakage = Literal["note", "drop", "error"]
#: So many classes are named that a split lacks.
NAMED = 8
#: Which splits come first where there are too few samples for all.
FIRST = ("train", "test", "val")


@dataclass(frozen=True)
class Split(Generic[T]):
    """Samples by split, with what they share: the names of classes and bands, where they came from, metres a pixel.

    `value_range` is that of the numbers, where it was read off the data.
    """

    parts: Mapping[str, Sequence[T]]
    classes: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    licence: str = "unknown"
    resolution: float | None = None
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:  # a name of a class must not steer the terminal, whoever prints it
        object.__setattr__(self, "classes", tuple(clean(name).replace("\n", "\ufffd") for name in self.classes))

    def every(self) -> Iterator[T]:
        """Yield the samples of all splits."""
        return (sample for samples in self.parts.values() for sample in samples)

    def noted(self, *notes: str) -> "Split[T]":
        """Return the split with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def refuse_empty(self, name: str, noun: str) -> None:
        """Refuse data of which a split holds nothing."""
        for part in SPLITS:
            if not self.parts.get(part):
                raise ZooError(
                    f"data {name!r} has no {noun} in its split {part!r}; each of train, val, test needs some: give more"
                    f" {noun}, or divide them otherwise"
                )


def check_ratios(ratios: Sequence[float], parts: Sequence[str] = SPLITS) -> tuple[float, ...]:
    """Return the shares of the splits; what is not a positive share for each, 1 in sum, is refused."""
    if len(ratios) != len(parts) or min(ratios) <= 0 or abs(sum(ratios) - 1) > 1e-6:
        raise ZooError(
            f"data.ratios={list(ratios)} must be {len(parts)} positive shares ({', '.join(parts)}) that sum to 1"
        )
    return tuple(float(share) for share in ratios)


def split_named(word: str, where: str) -> str:
    """Return the split that a word names, such as dev; `where` is for the error."""
    part = NAMES.get(word.strip().lower())
    if part is None:
        raise ZooError(f"{where}: the split {word!r} is not known{near(word, NAMES)}; it is train, val or test")
    return part


def split_of_name(name: str) -> str:
    """Return the split that the name of a file or folder has a word of, as train, dev-clean or my_test; "" for none."""
    words = "".join(sign if sign.isalnum() else " " for sign in name.lower()).split()
    found = {NAMES[word] for word in words if word in NAMES}
    return found.pop() if len(found) == 1 else ""


def split_by_hash(key: str, ratios: Sequence[float]) -> str:
    """Return the split of what is called `key`, always the same whatever else there is."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    return "test" if place < ratios[2] else "val" if place < ratios[2] + ratios[1] else "train"


def draw(
    items: Sequence[T],
    ratios: Sequence[float],
    seed: int,
    group: Callable[[T], Hashable],
    stratum: Callable[[T], Hashable] = lambda item: None,
    weight: Callable[[Sequence[T]], int] = len,
    parts: Sequence[str] = SPLITS,
) -> dict[str, list[T]]:
    """Divide items by the `ratios` of the `parts`, drawn from a seed.

    Those of one group stay together; each stratum (that of a group's first item) is divided alike, and has a group in every
    split as long as it has enough of them. Groups count by their `weight`, the heavy ones first.
    """
    import torch  # formats of annotations are converted without it

    from recipes.kit.sampler import generator

    shares = check_ratios(ratios, parts)
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[group(item)].append(item)
    strata: dict[Hashable, list[list[T]]] = defaultdict(list)
    for members in groups.values():
        strata[stratum(members[0])].append(members)
    drawn: dict[str, list[T]] = {part: [] for part in parts}
    for number, (_, units) in enumerate(sorted(strata.items(), key=lambda pair: str(pair[0]))):
        order = torch.randperm(len(units), generator=generator(seed, number)).tolist()
        ordered = sorted((units[index] for index in order), key=lambda unit: -weight(unit))
        for unit, part in zip(ordered, cut([weight(unit) for unit in ordered], shares, parts), strict=True):
            drawn[part] += unit
    return drawn


def cut(weights: Sequence[int], shares: Sequence[float], parts: Sequence[str] = SPLITS) -> list[str]:
    """Return the split of each of some weights: cut where their sum passes the shares, none empty that could hold one."""
    total = sum(weights)
    limits = [round(total * sum(shares[: place + 1])) for place in range(len(parts) - 1)]
    found, start = [], 0.0
    for weight in weights:
        found.append(parts[sum(start + (weight - 1) / 2 >= limit for limit in limits)])
        start += weight
    needed = [part for part in FIRST if part in parts][: len(weights)]
    for part in needed:
        if part not in found:
            giver = max(set(found), key=lambda other: (other not in needed, found.count(other)))
            found[len(found) - 1 - found[::-1].index(giver)] = part
    return found


def refuse_shared(parts: Mapping[str, Sequence[T]], group: Callable[[T], str], name: Callable[[T], str]) -> None:
    """Refuse a group that is in two splits: what is learnt of it in one is known in the other. "" is no group."""
    seen: dict[str, tuple[str, T]] = {}
    for part, items in parts.items():
        for item in items:
            key = group(item)
            before, other = seen.setdefault(key, (part, item)) if key else (part, item)
            if before != part:
                raise ZooError(
                    f"group {key!r} is in {before} ({name(other)}) and in {part} ({name(item)}); put each group into one"
                    " split, or leave the groups away if they do not matter"
                )


def twins(names: Iterable[str]) -> Iterator[str]:
    """Yield pairs of names of classes that differ by case, by how accents are written, or as numbers are written, alone."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(spelling(name), name)
        if other != name:
            yield f"{other!r} and {name!r}"


def spelling(name: str) -> str:
    """Return what all spellings of a name have in common: 1, 01 and 1.0 are one number."""
    try:
        return str(float(name))
    except ValueError:
        return unicodedata.normalize("NFC", name).casefold()


def refuse_twins(names: Iterable[str], where: str) -> None:
    """Refuse names of classes of which two are one but for how they are written."""
    if found := list(twins(names)):
        raise ZooError(
            f"{where}: {', '.join(found[:3])} are classes of one name but for how they are written; give them one if they are"
            " one class, else names that differ"
        )


def note_absent(
    parts: Mapping[str, Sequence[T]], classes: Sequence[str], labels: Callable[[T], Iterable[int]]
) -> tuple[str, ...]:
    """Say which classes a split does not hold: figures on it say nothing of them. `labels` are class numbers of a sample."""
    notes = []
    for part in (part for part in SPLITS if part in parts):
        held = {label for item in parts[part] for label in labels(item)}
        missing = [name for label, name in enumerate(classes) if label not in held]
        if missing:
            notes.append(f"{part} holds nothing of {first_few(missing, NAMED)}, and its figures say nothing of this")
    return tuple(notes)


def note_untested(
    parts: Mapping[str, Sequence[T]], classes: Sequence[str], labels: Callable[[T], Iterable[int]]
) -> tuple[str, ...]:
    """Say which of the classes that training shows val or test does not; what training lacks is judged where it is read."""
    trained = {label for item in parts["train"] for label in labels(item)}
    names = [name for label, name in enumerate(classes) if label in trained]
    numbers = {label: index for index, label in enumerate(sorted(trained))}
    return note_absent(parts, names, lambda item: [numbers[label] for label in labels(item) if label in numbers])
