"""A record of options as the options of a command."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def expand_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose last parameter is a record of options one parameter for each of its fields instead."""
    hints = get_type_hints(command, include_extras=True)
    *plain, last = inspect.signature(command).parameters.values()
    record = hints[last.name]
    fields = get_type_hints(record, include_extras=True)

    @functools.wraps(command)
    def called(**values: Any) -> None:
        options = record(**{name: values.pop(name) for name in fields})
        command(**values, **{last.name: options})

    options = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=fields[f.name])
        for f in dataclasses.fields(record)
    ]
    positional = [parameter.replace(annotation=hints[parameter.name]) for parameter in plain]
    called.__signature__ = inspect.Signature([*positional, *options])  # type: ignore[attr-defined]
    called.__annotations__ = {**{p.name: hints[p.name] for p in plain}, **fields}
    del called.__wrapped__  # else its signature is the one that is read
    return called
