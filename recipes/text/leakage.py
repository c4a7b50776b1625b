"""Texts that stand in more than one split: they make the test easier than it looks, so they are counted and said."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from recipes.kit.split import Leakage
from zoo.errors import ZooError

T = TypeVar("T")


def settle_leakage(
    parts: Mapping[str, Sequence[T]], content: Callable[[T], object], leakage: Leakage
) -> tuple[dict[str, Sequence[T]], tuple[str, ...]]:
    """Return the splits and notes on what training shares with validation and test, by `content`.

    `leakage`: `note` leaves it, `drop` takes it out of training, `error` refuses it.
    """
    train, test = parts["train"], parts["test"]
    others = {content(one) for one in (*parts["val"], *test)}
    kept = [one for one in train if content(one) not in others]
    if len(kept) == len(train):
        return dict(parts), ()
    said = f"{len(train) - len(kept)} training texts stand in val or test too"
    if leakage == "error":
        raise ZooError(f"{said}; data.leakage=drop takes them out of training")
    known = {content(one) for one in train}
    hit = f"{sum(content(one) in known for one in test)} of {len(test)} test texts"
    if leakage == "drop":
        return {**parts, "train": kept}, (f"{said} ({hit}): taken out of training",)
    return dict(parts), (f"{said} ({hit}): left there; data.leakage=drop takes them out",)
