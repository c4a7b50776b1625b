"""Accuracy without labels: what calibrated scores lead one to expect of answers that nobody has checked yet.

Scores of labelled answers are turned into probabilities of being right by isotonic regression (Zadrozny and Elkan 2002,
https://doi.org/10.1145/775047.775151); their mean over new answers is the expectation. Beside it stands the average
thresholded confidence: of new answers the share above the score that as many of the labelled ones exceeded as were right
(Garg et al. 2022, https://arxiv.org/abs/2201.04234). Both hold as far as scores keep their meaning: where a model is surely
wrong about something new, neither can know it, and labels tell.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from zoo.errors import ZooError

#: Labelled answers that say something at the least.
FEWEST = 30
ROUNDS = 200


@dataclass(frozen=True)
class Calibration:
    """Scores (N,) of labelled answers, and whether each was right, bool (N,)."""

    scores: np.ndarray
    right: np.ndarray

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.right):
            raise ZooError(
                f"{len(self.scores)} scores and {len(self.right)} outcomes; there must be one of each an answer"
            )

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return how probably answers of these scores (M,) are right."""
        order = np.argsort(self.scores, kind="stable")
        known, rising = self.scores[order], isotonic(self.right[order].astype(float))
        return np.interp(scores, known, rising)

    def threshold(self) -> float:
        """Return the score that as large a share of the labelled answers reach as were right."""
        return float(np.quantile(self.scores, 1 - self.right.mean()))


@dataclass(frozen=True)
class Expected:
    """What is expected of new answers: the share that is right, its 95 % interval, and what thresholded confidence says."""

    value: float
    low: float
    high: float
    thresholded: float
    answers: int
    labelled: int


def isotonic(values: np.ndarray) -> np.ndarray:
    """Return the rising values (N,) that are nearest to these by squares."""
    return np.asarray(isotonic_regression(values).x)


def expect(calibration: Calibration, scores: np.ndarray, seed: int = 0) -> Expected:
    """Return what is expected of answers with these scores (M,); the interval is over labelled and new answers alike."""
    known = calibration.scores
    if len(known) < FEWEST or not len(scores):
        raise ZooError(
            f"{len(known)} labelled answers say too little of {len(scores)} new ones; {FEWEST} at the least do"
        )
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(ROUNDS):
        some, others = (rng.integers(0, size, size) for size in (len(known), len(scores)))
        part = Calibration(known[some], calibration.right[some])
        drawn.append(float(part.probabilities(scores[others]).mean()))
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = float(calibration.probabilities(scores).mean())
    thresholded = float((scores >= calibration.threshold()).mean())
    return Expected(value, float(low), float(high), thresholded, len(scores), len(known))
