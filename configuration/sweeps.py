"""Settings that have several values, in Hydra's words for sweeps: `KEY=interval(a,b)`, `KEY=a,b,c`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException

from zoo.errors import ZooError

#: How settings with several values are written.
WRITTEN = "KEY=interval(a,b), KEY=tag(log,interval(a,b)), KEY=range(a,b) or KEY=a,b,c"


class Interval(NamedTuple):
    """Any number from `low` to `high`, drawn evenly, or by its logarithm."""

    low: float
    high: float
    log: bool = False


#: The values of one setting: an interval, whole numbers, or choices as they are written.
Values = Interval | range | tuple[str, ...]


class Words(NamedTuple):
    """The words of a sweep: those that hold for all of it, and the values of the settings that have several, by key."""

    fixed: tuple[str, ...]
    several: Mapping[str, Values]


def read_words(words: Sequence[str]) -> Words:
    """Read the words of a sweep."""
    try:
        overrides = OverridesParser.create().parse_overrides([*words])
    except HydraException as error:
        raise ZooError(f"{' '.join(words)}: {' '.join(str(error).split())}; a setting is {WRITTEN}") from error
    several = {str(one.get_key_element()): values_of(one) for one in overrides if one.is_sweep_override()}
    return Words(tuple(str(one.input_line) for one in overrides if not one.is_sweep_override()), several)


def values_of(override: Override) -> Values:
    """Return the values of a setting that has several."""
    swept = override.value()
    if isinstance(swept, IntervalSweep):
        return Interval(float(swept.start or 0), float(swept.end or 0), "log" in swept.tags)
    if isinstance(swept, RangeSweep) and whole(swept):
        return range(int(swept.start or 0), int(swept.stop or 0), int(swept.step))
    return tuple(str(text) for text in override.sweep_string_iterator())


def whole(swept: RangeSweep) -> bool:
    """Tell whether a range is of whole numbers."""
    return all(float(number or 0).is_integer() for number in (swept.start, swept.stop, swept.step))
