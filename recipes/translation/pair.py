"""A pair of texts."""

from typing import NamedTuple


class Pair(NamedTuple):
    """A text and its translation; `content` is what must not be in two splits: the source, or what it speaks of."""

    name: str
    source: str
    target: str
    content: str
