"""A text that is cut into words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Words with one label, or with a tag for each of them; `outside` is the tag of words that belong to no entity."""

    name: str
    words: tuple[str, ...]
    label: int | None = None
    tags: tuple[int, ...] = ()
    outside: int | None = None
