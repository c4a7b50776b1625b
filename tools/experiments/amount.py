"""Amounts as people write them: 10m, 50ms, 10MB."""

import math
import re
from collections.abc import Mapping

from zoo.errors import ZooError

SECONDS: Mapping[str, float] = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
BYTES: Mapping[str, float] = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}


def parse(argument: str, text: str, units: Mapping[str, float]) -> float:
    """Return `text`, a positive number with one of the `units`, in the unit that is 1; `argument` is named in the error."""
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]+)\s*", text)
    by_case = {unit.lower(): factor for unit, factor in units.items()}
    if not found or found[2].lower() not in by_case or not float(found[1]) > 0:
        raise ZooError(
            f"{argument} {text!r} is not a positive number with one of the units {', '.join(units)}, as in 10{list(units)[-2]}"
        )
    return float(found[1]) * by_case[found[2].lower()]


def seconds(argument: str, text: str) -> float:
    """Return a duration such as 10m, 90s, 50ms or 1h in seconds."""
    return parse(argument, text, SECONDS)


def size(argument: str, text: str) -> float:
    """Return a size such as 10MB or 800kB in bytes; a megabyte is 10⁶ bytes."""
    return parse(argument, text, BYTES)


def told_seconds(value: float) -> str:
    """Write a duration for a person."""
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 100 else f"{value / 60:.1f} min"


def told_bytes(value: float) -> str:
    """Write a size for a person."""
    power = min(3, int(math.log10(max(value, 1)) // 3))
    return f"{value / 1000**power:.3g} {('B', 'kB', 'MB', 'GB')[power]}"
