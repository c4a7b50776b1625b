"""What answers pictures with a run: how many dots are in each."""

from dataclasses import dataclass

from torch import Tensor

from zoo.inference.answers import Answer
from zoo.inference.predictor import Predictor


@dataclass(frozen=True)
class Count(Answer):
    """How many dots there are."""

    count: float


class CountPredictor(Predictor[Tensor]):
    """Counts the dots of a picture, an array (H, W) or the .npy file of one."""

    gives = Count
    endings = frozenset({".npy"})
