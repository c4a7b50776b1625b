"""Entities in rows of BIO labels, and how many of them were found: the figures of conlleval and of seqeval.

Tjong Kim Sang and Buchholz 2000, “Introduction to the CoNLL-2000 Shared Task: Chunking”; the two ways of reading broken
runs are those of seqeval's default and strict modes, https://github.com/chakki-works/seqeval.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zoo.errors import ZooError, near

OUTSIDE = "O"
MODES = ("lenient", "strict")


class Entity(NamedTuple):
    """Steps `first` to `last`, both inside, that name one thing of a type."""

    type: str
    first: int
    last: int


def is_bio(classes: Iterable[str]) -> bool:
    """Tell whether these classes are O and B-x, I-x."""
    inside = [name for name in classes if name != OUTSIDE]
    return bool(inside) and all(name[:2] in ("B-", "I-") and len(name) > 2 for name in inside)


def read(labels: Sequence[str], mode: str = "lenient") -> list[Entity]:
    """Return the entities in BIO labels, in order.

    An I-x after O or after another type breaks the scheme. `lenient` begins an entity there; `strict` sees none until
    the next B.
    """
    if mode not in MODES:
        raise ZooError(
            f"task.objective_options.entities={mode!r} is not known{near(mode, MODES)}; it is lenient or strict"
        )
    found: list[Entity] = []
    open_: Entity | None = None
    for step, label in enumerate([*labels, OUTSIDE]):
        position, _, type_ = label.partition("-")
        if open_ is not None and position == "I" and type_ == open_.type:
            open_ = open_._replace(last=step)
            continue
        if open_ is not None:
            found.append(open_)
        begins = position == "B" or (position == "I" and mode == "lenient")
        open_ = Entity(type_, step, step) if begins else None
    return found


def agreement(true: Sequence[Sequence[Entity]], said: Sequence[Sequence[Entity]]) -> dict[str, float]:
    """Return precision, recall and F1 over all entities, the F1 averaged over the types, and that of each type.

    An entity is found when its type and both of its ends are right. Where none is there, none can be found, and only the
    precision is a figure; without one that is said it is none either (NaN).
    """
    there, named, right = (Counter[str]() for _ in range(3))
    for entities, others in zip(true, said, strict=True):
        there.update(entity.type for entity in entities)
        named.update(entity.type for entity in others)
        right.update(entity.type for entity in set(entities) & set(others))
    total = (right.total(), named.total(), there.total())
    by_type = {type_: f1(right[type_], named[type_], there[type_]) for type_ in sorted({*there, *named})}
    nothing = float("nan")
    return {
        "entity_f1": f1(*total) if there else nothing,
        "entity_precision": total[0] / total[1] if total[1] else nothing,
        "entity_recall": total[0] / total[2] if there else nothing,
        "entity_f1_macro": sum(by_type.values()) / len(by_type) if there else nothing,
        **{f"entity_f1/{type_}": value for type_, value in by_type.items()},
    }


def f1(right: int, said: int, there: int) -> float:
    """Return the harmonic mean of right / said and right / there."""
    return 2 * right / (said + there) if said + there else 0.0
