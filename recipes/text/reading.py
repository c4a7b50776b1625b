"""How tables of texts are read and divided: what the domains of texts let a user choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from recipes.kit.settings import Positive
from recipes.kit.split import Leakage, check_ratios
from recipes.kit.table import TableReading


@dataclass(frozen=True)
class TextReading(TableReading):
    """How a table of texts is read and divided.

    `leakage`, texts of training that stand in val or test too: note, drop, error. `longest` is
    in words or tokens. Where no column says the split it is drawn, by `ratios` and `split_seed`.
    """

    leakage: Leakage = "note"
    longest: Positive = 400
    ratios: Sequence[float] = (0.8, 0.1, 0.1)
    split_seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        check_ratios(self.ratios)
