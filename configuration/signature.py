"""The settings of what a configuration names as `_target_`, read off its constructor's annotations."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, get_type_hints

from hydra.utils import get_object


class Settings(NamedTuple):
    """What a constructor takes: annotations by name; `is_open` where it takes names beside them."""

    annotations: Mapping[str, Any]
    is_open: bool


def settings_of(target: str | Callable[..., Any]) -> Settings:
    """Return the settings of a class or function, given itself or by its dotted name.

    Those that a constructor hands on as **settings are the parameters of the next constructor among its bases, and the
    fields of the dataclasses that the class lists as `records`.
    """
    called = get_object(target) if isinstance(target, str) else target
    found: dict[str, Any] = {}
    records = getattr(called, "records", ())
    for record in records:
        hints = get_type_hints(record, include_extras=True)
        found |= {field.name: hints[field.name] for field in dataclasses.fields(record)}
    for function in constructors(called):
        parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
        hints = get_type_hints(function, include_extras=True)
        for one in parameters:
            if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
                found.setdefault(one.name, hints.get(one.name, Any))
        if not any(one.kind is one.VAR_KEYWORD for one in parameters):
            return Settings(found, is_open=False)
    return Settings(found, is_open=not records)


def constructors(called: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Yield a function, or the constructors of a class and its bases, in the order in which they are called."""
    if isinstance(called, type):
        yield from (vars(base)["__init__"] for base in called.__mro__[:-1] if "__init__" in vars(base))
    else:
        yield called
