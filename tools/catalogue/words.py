"""Words: numbers and fields as a person reads them."""

from collections.abc import Iterator
from typing import Any

from zoo.registry.cards import DesignedFor

#: What stands behind a number of `designed_for`; the field's name says the rest.
UNITS = {
    "size": "px",
    "sample_rate": "Hz",
    "bandwidth": "Hz",
    "resolution": "m a pixel",
    "object_size": "of the longer side",
    "aspect_ratio": "wide for 1 high",
}


def value(number: float) -> str:
    """Return a metric's value in four digits."""
    return f"{number:.4g}"


def designed_for(record: DesignedFor) -> Iterator[tuple[str, str]]:
    """Yield each stated field of `designed_for` with its value in words."""
    for name in DesignedFor.model_fields:
        stated = getattr(record, name)
        if stated not in (None, "", ()):
            unit = UNITS.get(name, "")
            yield name.replace("_", " "), f"{_plain(name, stated)} {unit}".strip()


def _plain(name: str, stated: Any) -> str:
    if name == "size":
        return f"{stated[0]} × {stated[1]}"
    if name == "bands":
        return ", ".join(stated)
    if isinstance(stated, bool):
        return "yes" if stated else "no"
    if isinstance(stated, tuple):
        return f"{stated[0]:g} to {stated[1]:g}"
    if name == "geometry":
        return str(stated).replace("_", " ")
    return f"{stated:,}" if isinstance(stated, int) else str(stated)
