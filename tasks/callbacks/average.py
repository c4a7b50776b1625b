"""Exponential moving average of the weights, with a decay that starts low and rises.

A short run would otherwise end on an average that still remembers its first steps. The ramp (1 + n) / (10 + n) is
TensorFlow's ExponentialMovingAverage with num_updates.
"""

from typing import Annotated

from pydantic import Field
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class Ema(WeightAveraging):
    """Lightning's weight averaging with the ramped decay; validation, test and the saved model use the average."""

    def __init__(self, decay: Annotated[float, Field(ge=0, le=1)] = 0.99) -> None:
        def average(mean: Tensor, value: Tensor, count: Tensor | int) -> Tensor:
            n = int(count)
            rate = min(decay, (1 + n) / (10 + n))
            return mean + (value - mean) * (1 - rate) if mean.is_floating_point() else value

        super().__init__(avg_fn=average)
