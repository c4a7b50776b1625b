"""Drawing train, val and test so that what is the same stays together."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import torch

from recipes.module import generator
from zoo.errors import ZooError

T = TypeVar("T")
SPLITS = ("train", "val", "test")
#: What a column of splits may say.
NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
}


def drawn(
    items: Sequence[T],
    content: Callable[[T], Hashable],
    ratios: Sequence[float],
    seed: int,
    stratum: Callable[[T], Hashable] = lambda item: None,
) -> dict[str, list[T]]:
    """Split items by `ratios` of train, val, test; those of one content stay together, each stratum is split alike."""
    if len(ratios) != len(SPLITS) or min(ratios) <= 0 or abs(sum(ratios) - 1) > 1e-6:
        raise ZooError(
            f"data.reading.ratios={list(ratios)} must be three positive shares that sum to 1, of train, val, test"
        )
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[content(item)].append(item)
    strata: dict[Hashable, list[list[T]]] = defaultdict(list)
    for group in groups.values():
        strata[stratum(group[0])].append(group)
    parts: dict[str, list[T]] = {part: [] for part in SPLITS}
    for number, (_, together) in enumerate(sorted(strata.items(), key=lambda pair: str(pair[0]))):
        order = torch.randperm(len(together), generator=generator(seed, number)).tolist()
        ends = [round(len(together) * share) for share in (ratios[0], ratios[0] + ratios[1])]
        for place, index in enumerate(order):
            part = SPLITS[sum(place >= end for end in ends)]
            parts[part] += together[index]
    return parts
