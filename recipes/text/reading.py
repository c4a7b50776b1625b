"""How tables of texts are read and divided: what the domains of texts let a user choose."""

from collections.abc import Sequence
from dataclasses import dataclass

from recipes.kit.choice import one_of
from recipes.kit.split import check_ratios
from recipes.kit.table import INVALID
from recipes.text.leakage import CHOICES
from zoo.errors import ZooError


@dataclass(frozen=True)
class TextReading:
    """How a table of texts is read. Separator and encoding that are None are found out.

    `invalid` rows: error, drop. `leakage`, texts of training that stand in val or test too: note, drop, error. `longest` is
    in words or tokens. Where no column says the split it is drawn, by `ratios` and `split_seed`.
    """

    separator: str | None = None
    encoding: str | None = None
    invalid: str = "error"
    leakage: str = "note"
    longest: int = 400
    ratios: Sequence[float] = (0.8, 0.1, 0.1)
    split_seed: int = 0

    def __post_init__(self) -> None:
        one_of("data.invalid", self.invalid, INVALID)
        one_of("data.leakage", self.leakage, CHOICES)
        check_ratios(self.ratios)
        if self.longest < 1:
            raise ZooError(f"data.longest={self.longest} must be at least 1")
