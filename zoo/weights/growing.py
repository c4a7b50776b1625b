"""More classes for a trained model: the layers that know them get places for new ones, and what was learnt stays where it is.

A model of K classes lends its parameters to one of K + M. Where a parameter has more places along one side, these are found to
be groups of classes, classes of groups, or classes behind one more (a background); of the ways in which that can be read, the
one counts under which the grown model answers about the old classes as before.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn

from zoo.errors import ZooError

State = Mapping[str, Tensor]


class Way(NamedTuple):
    """How places along a side stand for classes: `extra` before them (1: a background), classes within groups or without."""

    extra: int
    inner: bool


#: Classes alone, or with a background before or behind them; the class counting fastest, or slowest.
WAYS = tuple(Way(extra, inner) for extra, inner in product((0, 1, -1), (True, False)))


def grow(old: nn.Module, new: nn.Module, classes: tuple[int, int], same: Callable[[nn.Module], bool]) -> None:
    """Give the model `new` of more classes what `old` has learnt; `classes` are how many each knows.

    `same` tells whether a model answers about the old classes as the old model does. Without a way in which it does so the
    model is refused, and stays as it was built.
    """
    before, fresh = old.state_dict(), {name: value.clone() for name, value in new.state_dict().items()}
    if sorted(before) != sorted(fresh):
        raise ZooError("the model has other layers with more classes; train it anew on all data instead")
    for state in readings(before, fresh, classes):
        new.load_state_dict(state)
        if same(new):
            return
    new.load_state_dict(fresh)
    raise ZooError(
        f"nobody can tell which of this model's weights belong to which class, so {classes[0]} cannot become {classes[1]};"
        " train it anew on all data instead"
    )


def readings(before: State, fresh: State, classes: tuple[int, int]) -> Iterator[dict[str, Tensor]]:
    """Yield states of the new model, one for each way in which the changed parameters can be read."""
    changed = [name for name in before if before[name].shape != fresh[name].shape]
    if not changed:
        yield dict(before)
        return
    for way in WAYS:
        made = dict(before)
        for name in changed:
            found = placed(before[name], fresh[name], classes, way)
            if found is None:
                break
            made[name] = found
        else:
            yield made


def placed(old: Tensor, fresh: Tensor, classes: tuple[int, int], way: Way) -> Tensor | None:
    """Return a parameter with the old values where they belong, the fresh ones elsewhere; None where `way` does not fit."""
    sides = [side for side in range(old.ndim) if old.shape[side] != fresh.shape[side]]
    if old.ndim != fresh.ndim or len(sides) != 1:
        return None
    side, (few, many) = sides[0], (count + abs(way.extra) for count in classes)
    groups, rest = divmod(old.shape[side], few)
    if rest or fresh.shape[side] != groups * many:
        return None
    place = torch.arange(groups * many).view((groups, many) if way.inner else (many, groups))
    kept = list(range(few)) if way.extra >= 0 else [*range(few - 1), many - 1]
    where = place[:, kept] if way.inner else place[kept]
    return fresh.index_copy(side, where.reshape(-1).to(fresh.device), old)
