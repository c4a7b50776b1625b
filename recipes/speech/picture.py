"""Recordings as pictures for people."""

import matplotlib
import numpy as np
import torch
from torch import Tensor

from zoo.sequence.logmel import LogMel

#: Decibels below the loudest point that are still told apart; below is black.
RANGE = 60.0


def picture(wave: Tensor, sample_rate: int) -> np.ndarray:
    """Return a waveform (T,) as a spectrogram, uint8 (64, W, 3): low frequencies below, a column each 5 ms."""
    with torch.no_grad():
        front = LogMel(sample_rate, bands=64, window=0.04, hop=0.005, floor=1e-10)
        logs = front(wave[None], torch.tensor([len(wave)]))[0]  # (W, 64), natural logarithm of energies
    decibels = (logs - logs.max()) * 10 / np.log(10)
    shares = (1 + decibels / RANGE).clamp(0, 1).T.flip(0).numpy()
    return (matplotlib.colormaps["magma"](shares)[..., :3] * 255).astype(np.uint8)
