"""The result of a search for anomalies."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AnomalyResult:
    """A series: its name, values (T, F), scores (T,), and which of its steps are anomalous, (T,), where that is known."""

    name: str
    values: np.ndarray
    scores: np.ndarray
    anomalous: np.ndarray
