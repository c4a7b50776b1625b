"""The one-euro filter: what moves slowly is smoothed much, what moves fast is hardly held back.

Casiez, Roussel, Vogel 2012, https://doi.org/10.1145/2207676.2208639.
"""

import math

import numpy as np

#: By how much the cutoff rises, Hz, for a speed of the individual's own size a second.
BETA = 10.0
#: Cutoff of the speed itself, Hz, as in the paper.
SPEED_CUTOFF = 1.0


class OneEuro:
    """Smooths points (J, 2) of one individual of a `size` in pixels; `cutoff` is that of what stands still, Hz."""

    def __init__(self, cutoff: float, size: float, beta: float = BETA) -> None:
        self.cutoff, self.beta, self.size = cutoff, beta, max(size, 1.0)
        self.time: float | None = None
        self.points = self.speed = np.zeros(0)

    def __call__(self, points: np.ndarray, time: float) -> np.ndarray:
        """Return points (J, 2) at a `time` in seconds, smoothed by those before; a time that does not rise changes nothing."""
        if self.time is None:
            self.time, self.points, self.speed = time, points, np.zeros_like(points)
            return points
        step = time - self.time
        if step <= 0:
            return self.points
        speed = (points - self.points) / step
        self.speed = mixed(speed, self.speed, share(np.array(SPEED_CUTOFF), step))
        fast = np.linalg.norm(self.speed, axis=1, keepdims=True) / self.size
        self.points = mixed(points, self.points, share(self.cutoff + self.beta * fast, step))
        self.time = time
        return self.points


def share(cutoff: np.ndarray, step: float) -> np.ndarray:
    """Return the share of the new value at a cutoff in Hz, `step` seconds after the last."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))


def mixed(new: np.ndarray, old: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the mean of new and old."""
    return weight * new + (1 - weight) * old
