"""What an annotation allows, in words: `Annotated[int, Field(ge=32)]` is "an integer of at least 32"."""

import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

#: Of the types that YAML has: one, and several.
NOUNS: Mapping[Any, tuple[str, str]] = {
    bool: ("true or false", "values true or false"),
    int: ("an integer", "integers"),
    float: ("a number", "numbers"),
    str: ("a text", "texts"),
    Path: ("a path", "paths"),
    type(None): ("null", "nulls"),
}
#: Attributes of annotated_types, in the order in which they are said.
BOUNDS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}


def describe(annotation: Any, plural: bool = False) -> str:
    """Return what a value may be; its description where the annotation has one."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = next((mark.description for mark in inner[1:] if isinstance(mark, FieldInfo) and mark.description), None)
        return said or f"{describe(inner[0], plural)}{bounds(inner[1:])}"
    if origin is Literal:
        words = ", ".join(map(write, inner))
        return f"one of {words}" if len(inner) > 1 else words
    if origin in (Union, types.UnionType):
        # typing gives one of two equal unions for both, in the order of the first that was written in this process
        last = {float: 1, type(None): 2}
        order = sorted(inner, key=lambda kind: last.get(kind, 0) if isinstance(kind, type) else 0)
        return " or ".join(describe(kind, plural) for kind in order)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping to {describe(inner[1], plural=True)}" if inner else "a mapping"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return describe_list(origin, inner)
    return NOUNS[annotation][plural] if annotation in NOUNS else "what a _target_ builds"


def describe_list(origin: type, inner: tuple[Any, ...]) -> str:
    """Return what a list may be, of so many values where it is a tuple."""
    if origin is tuple and Ellipsis not in inner:
        kinds = dict.fromkeys(describe(kind, plural=True) for kind in inner)
        return f"a list of {len(inner)} {' or '.join(kinds)}"
    return f"a list of {describe(inner[0], plural=True)}"


def choices(annotation: Any) -> list[Any]:
    """Return the words among which an annotation lets choose."""
    inner = get_args(annotation)
    return list(inner) if get_origin(annotation) is Literal else [word for kind in inner for word in choices(kind)]


def bounds(marks: Sequence[Any]) -> str:
    """Return the bounds among what annotates a type, as " of at least 32"."""
    metadata = [part for mark in marks for part in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
    found = {name: getattr(part, name) for part in metadata for name in BOUNDS if hasattr(part, name)}
    if found.keys() == {"ge", "le"}:
        return f" from {found['ge']} to {found['le']}"
    return " and".join(f" {BOUNDS[name]} {value}" for name, value in found.items())


def write(value: Any) -> str:
    """Return a value as it is written on the command line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write, value))}]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)
