"""What answers pictures with a run: how many dots are in each."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from counting.dots import SUFFIXES, load
from torch import Tensor

from zoo.inference.answers import Answer
from zoo.inference.engine import Engine
from zoo.inference.opened import Opened
from zoo.inference.predictor import Batch, Metadata, Predictor


@dataclass(frozen=True)
class Count(Answer):
    """How many dots there are."""

    count: float


class CountPredictor(Predictor[Tensor]):
    """Counts the dots of a picture, an array (H, W) or the .npy file of one."""

    gives = Count
    endings = SUFFIXES

    def __init__(self, opened: Opened) -> None:
        self.engine = Engine(opened.build(), opened.trainer)
        facts = (opened.source, "counting", opened.model, opened.classes, opened.bands, self.engine.own_precision)
        self.metadata = Metadata(*facts)

    def prepare(self, source: str | Path | np.ndarray) -> Tensor:
        """Read a picture (1, 1, H, W)."""
        picture = torch.from_numpy(source)[None] if isinstance(source, np.ndarray) else load(Path(source))
        return picture[None]

    def answer(self, batch: Batch) -> Tensor:
        """Return the counts (B, 1) of images."""
        with self.engine.computing():
            found: Tensor = self.engine.model(self.engine.laid_out(batch["images"]))
        return found

    def answers(self, prepared: Tensor) -> Generator[Any, None, None]:
        """Yield the count of a picture."""
        yield self.answer({"images": prepared})

    def finish(self, prepared: Tensor, answers: Iterable[Tensor]) -> Count:
        """Return the count."""
        return Count(*(float(found[0, 0]) for found in answers))
