"""The result of a translation."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TranslationResult:
    """A text that was read (its tokens), what was written, and what should have been; where each token looked, (L, T).

    Where nobody has said what should have been, `true` is empty.
    """

    name: str
    read: tuple[str, ...]
    tokens: tuple[str, ...]
    said: str
    true: str
    attention: Tensor

    @property
    def right(self) -> bool:
        """Whether not a sign is different."""
        return self.said == self.true
