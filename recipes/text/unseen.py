"""Texts that stand in more than one split: they make the test easier than it looks, so they are counted and said."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from zoo.errors import ZooError, near

T = TypeVar("T")
CHOICES = ("say", "drop", "error")


def apart(
    parts: Mapping[str, Sequence[T]], content: Callable[[T], object], leakage: str
) -> tuple[dict[str, Sequence[T]], tuple[str, ...]]:
    """Return the splits and notes on what training shares with validation and test, by `content`.

    `leakage`: `say` leaves it, `drop` takes it out of training, `error` refuses it.
    """
    if leakage not in CHOICES:
        raise ZooError(f"data.leakage={leakage!r} is not known{near(leakage, CHOICES)}; it is {', '.join(CHOICES)}")
    others = {content(one) for part in ("val", "test") for one in parts.get(part, ())}
    shared = [one for one in parts.get("train", ()) if content(one) in others]
    if not shared:
        return dict(parts), ()
    if leakage == "error":
        raise ZooError(
            f"{len(shared)} training texts stand in val or test too; data.leakage=drop takes them out of training"
        )
    tests = {content(one) for one in parts["train"]}
    hit = sum(content(one) in tests for one in parts.get("test", ()))
    kept = [one for one in parts["train"] if content(one) not in others] if leakage == "drop" else parts["train"]
    done = "taken out of training" if leakage == "drop" else "left there; data.leakage=drop takes them out"
    note = f"{len(shared)} training texts stand in val or test too ({hit} of {len(parts.get('test', ()))} test texts): {done}"
    return {**parts, "train": kept}, (note,)
