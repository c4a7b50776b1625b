"""Calibration: one temperature for all logits, and how far probabilities are from what comes true.

Guo et al. 2017, “On Calibration of Modern Neural Networks”, https://arxiv.org/abs/1706.04599.
"""

import math
from collections.abc import Callable

from scipy.optimize import minimize_scalar
from torch import Tensor

#: Between these the temperature is looked for.
LEAST, MOST = 0.05, 20.0
#: Bins of the calibration error, as in the paper.
BINS = 15


def fit_temperature(likelihood: Callable[[Tensor], Tensor], logits: Tensor) -> float:
    """Return the temperature at which logits (N, K), divided by it, are likeliest by a negative log-likelihood.

    Of no logits it is 1.
    """
    if not len(logits):
        return 1.0
    values = logits.double()

    def loss(log: float) -> float:
        return float(likelihood(values / math.exp(log)))

    return math.exp(float(minimize_scalar(loss, bounds=(math.log(LEAST), math.log(MOST)), method="bounded").x))
