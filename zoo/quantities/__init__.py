"""Quantities as people write and read them: counts, bytes and durations, in one form everywhere."""

import math
import re
from collections.abc import Mapping

from zoo.errors import ZooError

COUNTS: Mapping[str, float] = {"k": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}
BYTES: Mapping[str, float] = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
SECONDS: Mapping[str, float] = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def count(number: float | None) -> str:
    """Return a count in three digits: 3.4 M, 25.1 k, 512; – where nobody has counted."""
    if number is None:
        return "–"
    for letter, factor in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * factor:  # 999,700 is 1 M, not 1e+03 k
            return f"{number / factor:.3g} {letter}"
    return f"{number:g}"


def metric(value: float) -> str:
    """Return the value of a metric to four decimals, or that it is not defined: NaN says nothing to who reads it."""
    return "not defined" if math.isnan(value) else f"{value:.4f}"


def size(number: float) -> str:
    """Return a number of bytes in three digits: 18.8 MB; a megabyte is 10⁶ bytes."""
    text = count(round(number))
    return f"{text}B" if text[-1] in "kMGT" else f"{text} B"


def duration(seconds: float) -> str:
    """Return a time in the units that matter for its length: 12 ms, 1.5 s, 6 min 18 s, 22 min, 2 h 10 min, 37 h."""
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms" if seconds else "0 s"
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 10:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours or hours >= 10:
        return f"{round(seconds / 3600)} h" if hours else f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def parse(option: str, text: str, units: Mapping[str, float]) -> float:
    """Return `text`, a positive number with one of the `units`, in the unit that is 1; `option` is named in the error."""
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:[eE][0-9]+)?)\s*([A-Za-z]*)\s*", text)
    by_case = {unit.lower(): factor for unit, factor in units.items()}
    if not found or found[2].lower() not in by_case or not float(found[1]) > 0:
        known = ", ".join(unit for unit in units if unit)
        raise ZooError(
            f"{option} {text!r} is not a positive number with one of the units {known}, as in 10{list(units)[1]}"
        )
    return float(found[1]) * by_case[found[2].lower()]


def parse_count(option: str, text: str) -> float:
    """Return a count such as 5M, 300k or 1200 as a number."""
    return parse(option, text, {"": 1.0, **COUNTS})


def parse_size(option: str, text: str) -> float:
    """Return a size such as 10MB or 800kB in bytes."""
    return parse(option, text, BYTES)


def parse_duration(option: str, text: str) -> float:
    """Return a duration such as 10m, 90s, 50ms or 30d in seconds."""
    return parse(option, text, SECONDS)
