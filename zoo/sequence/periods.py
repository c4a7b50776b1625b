"""The periods of a series, from the peaks of its spectrum that noise would hardly make, and what came before at the same phase.

Vlachos, Yu and Castelli 2005, “On Periodicity Detection and Structural Periodic Similarity”; a peak counts where it is more
than a share alpha of white noise would reach in any of its bins (Fisher's test, with Bonferroni's bound).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.sequence.logmel import spectral_energies

#: Share of series of white noise that are said to have a period; bins of the phase in which what came before is averaged.
ALPHA, PHASES = 0.05, 16


@torch.no_grad()
def periods(values: Tensor, count: int) -> Tensor:
    """Return at most `count` periods (N, count), in steps, of series (N, T), the strongest first; 0 where there are no more.

    They lie between two steps and half of the series.
    """
    T = values.shape[1]
    size = 1 << max(1, (T - 1).bit_length())
    level = (values - values.mean(dim=1, keepdim=True)).float()
    spectrum = spectral_energies(F.pad(level, (0, size - T)))[:, 1:]
    share = spectrum / spectrum.sum(dim=1, keepdim=True).clamp(min=1e-12)
    bins = share.shape[1]
    around = F.pad(share, (1, 1))  # nothing beyond the ends, where no peak is
    peak = (share > around[:, :-2]) & (share > around[:, 2:])
    number = torch.arange(bins, device=values.device)
    slowest = size // max(2, T // 2) - 1
    within = (number >= max(1, slowest)) & (number < bins - 1)
    peak = peak & within & (share >= math.log(bins / ALPHA) / bins)
    best, where = share.masked_fill(~peak, -1.0).topk(min(count, bins), dim=1)
    found = torch.where(best >= 0, torch.round(size / (where + 1).float()).long(), 0)
    return F.pad(found, (0, count - found.shape[1]))


def phases(steps: Tensor, found: Tensor) -> Tensor:
    """Return sine and cosine (N, S, 2 P) of the phase of steps (S,) in each of the periods (N, P); 0 where there is none."""
    angle = 2 * math.pi * steps[None, :, None].float() / found[:, None].clamp(min=1).float()
    pair = torch.stack((angle.sin(), angle.cos()), dim=-1) * (found > 0)[:, None, :, None]
    return pair.flatten(2)


def profile(values: Tensor, observed: Tensor, period: Tensor, steps: Tensor) -> Tensor:
    """Return what is expected (N, S) at steps (S,): the mean of values (N, T) at the same phase of the period (N,).

    The mean of the whole series where nothing was observed at that phase; a period of 0 counts as one step.
    """
    length = period.clamp(min=1)[:, None].float()

    def phase(at: Tensor) -> Tensor:
        return ((at[None].float() % length) / length * PHASES).long().clamp(max=PHASES - 1)

    past = phase(torch.arange(values.shape[1], device=values.device))
    seen = observed.to(values.dtype)
    empty = values.new_zeros(values.shape[0], PHASES)
    sums, counts = empty.scatter_add(1, past, values * seen), empty.scatter_add(1, past, seen)
    whole = (values * seen).sum(dim=1, keepdim=True) / seen.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.where(counts > 0, sums / counts.clamp(min=1), whole).gather(1, phase(steps))
