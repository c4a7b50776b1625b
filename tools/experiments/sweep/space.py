"""The space of a sweep: settings with several values as the distributions that Optuna draws from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from configuration.sweeps import WRITTEN, Interval, Values, read_words
from zoo.errors import ZooError


class Space(NamedTuple):
    """What a sweep holds fast, as words of train.py, and what it searches, by key."""

    fixed: tuple[str, ...]
    searched: Mapping[str, BaseDistribution]

    def words(self, chosen: Mapping[str, Any]) -> list[str]:
        """Return the words of a trial with these values."""
        return [*self.fixed, *(f"{key}={value}" for key, value in chosen.items())]

    def corner(self) -> dict[str, Any]:
        """Return one value of each setting, by which a mistake in the words is found before anything is trained."""
        return {key: first(distribution) for key, distribution in self.searched.items()}


def read_space(words: Sequence[str]) -> Space:
    """Read the words of a sweep; at least one of them says of what values it may be."""
    fixed, several = read_words(words)
    if not several:
        raise ZooError(f"nothing is searched for: no setting has more than one value; one is written as {WRITTEN}")
    return Space(fixed, {key: distribution_of(key, values) for key, values in several.items()})


def distribution_of(key: str, values: Values) -> BaseDistribution:
    """Return the distribution of a setting with these values."""
    if not isinstance(values, Interval) and len(values) < 2:
        raise ZooError(f"{key} has {len(values)} values to choose from; write it as one value, or as {WRITTEN}")
    try:
        if isinstance(values, Interval):
            return FloatDistribution(values.low, values.high, log=values.log)
        if isinstance(values, range):
            return IntDistribution(values[0], values[-1], step=values.step)
    except ValueError as error:
        raise ZooError(f"{key} cannot be searched: {error}") from error
    return CategoricalDistribution(values)


def first(distribution: Any) -> Any:
    """Return a value of a distribution."""
    return distribution.choices[0] if isinstance(distribution, CategoricalDistribution) else distribution.low
