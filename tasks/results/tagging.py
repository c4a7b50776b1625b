"""The result of tagging: a label for each step of a sequence."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TaggingResult:
    """A sequence of T steps: what was said of each (T,), what is true (T,) with -100 for unknown, its words if it has any."""

    name: str
    said: Tensor
    true: Tensor
    words: tuple[str, ...] = ()

    @property
    def wrong(self) -> int:
        """How many labelled steps were said wrongly."""
        return int(((self.said != self.true) & (self.true >= 0)).sum())
