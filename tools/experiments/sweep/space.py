"""The space of a sweep: settings in Hydra's words for sweeps, as the distributions that Optuna draws from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from zoo.errors import ZooError

#: How settings that are searched for are written.
WRITTEN = "KEY=interval(a,b), KEY=tag(log,interval(a,b)), KEY=range(a,b) or KEY=a,b,c"


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
    try:
        overrides = OverridesParser.create().parse_overrides([*words])
    except HydraException as error:
        raise ZooError(f"{' '.join(words)}: {' '.join(str(error).split())}; a setting is {WRITTEN}") from error
    searched = {key_of(one): distribution_of(one) for one in overrides if one.is_sweep_override()}
    if not searched:
        raise ZooError(f"nothing is searched for: no setting has more than one value; one is written as {WRITTEN}")
    return Space(tuple(str(one.input_line) for one in overrides if not one.is_sweep_override()), searched)


def key_of(override: Override) -> str:
    """Return the key of a setting with its sign, as it is written before its value."""
    return str(override.get_key_element())


def distribution_of(override: Override) -> BaseDistribution:
    """Return the distribution of a setting that has more than one value."""
    swept = override.value()
    try:
        if isinstance(swept, IntervalSweep):
            return FloatDistribution(float(swept.start or 0), float(swept.end or 0), log="log" in swept.tags)
        if isinstance(swept, RangeSweep) and whole(swept):
            values = range(int(swept.start or 0), int(swept.stop or 0), int(swept.step))
            return IntDistribution(values[0], values[-1], step=values.step)
    except (ValueError, IndexError) as error:
        raise ZooError(f"{override.input_line} cannot be searched: {error}") from error
    choices = [str(text) for text in override.sweep_string_iterator()]
    if len(choices) < 2:
        raise ZooError(f"{override.input_line} has {len(choices)} values to choose from; write it without a sweep")
    return CategoricalDistribution(choices)


def whole(swept: RangeSweep) -> bool:
    """Tell whether a range is of whole numbers."""
    return all(float(number or 0).is_integer() for number in (swept.start, swept.stop, swept.step))


def first(distribution: BaseDistribution) -> Any:
    """Return a value of a distribution."""
    return distribution.choices[0] if isinstance(distribution, CategoricalDistribution) else distribution.low  # type: ignore[attr-defined]
