"""Spectral residual: what a series shows that its own spectrum, smoothed, does not lead one to expect.

Ren et al. 2019, https://arxiv.org/abs/1906.03821, after the saliency of Hou and Zhang 2007; made for streams as in the
paper, each step judged by the window that ends with it, drawn out by estimated points. Nothing is trained.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.masking import valid
from zoo.sequence.streaming import history, unusual

#: Steps that are estimated beyond the last, and over how many the slope to them is taken: section 3.2, κ = m = 5.
BEYOND = 5
#: Frequencies over which the log spectrum is smoothed, q = 3, and steps over which the saliency is, z = 21.
SMOOTH, LOCAL = 3, 21
#: Windows that are transformed at once.
AT_ONCE = 4096


class SpectralResidual(ClosedForm):
    """Series (B, T, F) to scores (B, T), deviations above what is usual for the series; of several features the largest."""

    def __init__(self, features: int, window: int, span: int, rest: int) -> None:
        super().__init__()
        if window < 2 * LOCAL:
            raise ZooError(f"model.window={window} must be {2 * LOCAL} steps or more")
        self.features, self.window, self.span, self.rest = features, window, span, rest

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return scores (B, T) of inputs (B, T, F); each sees only steps up to its own."""
        B, T, C = inputs.shape
        if self.features != C:
            raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {C} features; this model takes {self.features}")
        values = inputs.float().masked_fill(~valid(lengths, T)[..., None], 0.0)
        rows = values.transpose(1, 2).reshape(B * C, T)
        salient = torch.cat([saliency(part) for part in history(rows, self.window).flatten(0, 1).split(AT_ONCE)])
        return unusual(salient.view(B, C, T).amax(dim=1), lengths, self.span, self.rest)

    def solve(self, batches: Sequence[Batch]) -> None:
        """Learn nothing: there is nothing to settle."""


def saliency(windows: Tensor) -> Tensor:
    """Return how far the saliency of the last step of windows (N, W) exceeds its local mean, as a multiple of it, (N,)."""
    slope = (windows[:, -1:] - windows[:, -1 - BEYOND : -1]) / torch.arange(BEYOND, 0, -1, device=windows.device)
    ahead = windows[:, -BEYOND : -BEYOND + 1] + slope.mean(dim=1, keepdim=True) * BEYOND
    level, deviation = windows.mean(dim=1, keepdim=True), windows.std(dim=1, keepdim=True)
    steps = (torch.cat([windows, ahead.expand(-1, BEYOND)], dim=1) - level) / deviation.clamp(min=1e-6)
    spectrum = torch.fft.rfft(steps)
    amplitude = spectrum.abs().clamp(min=1e-8)
    logs = amplitude.log()
    smooth = F.avg_pool1d(logs[:, None], SMOOTH, 1, SMOOTH // 2, count_include_pad=False)[:, 0]
    found = torch.fft.irfft(spectrum / amplitude * (logs - smooth).exp(), n=steps.shape[1]).abs()
    found = found[:, : windows.shape[1]]
    local = found[:, -LOCAL:].mean(dim=1)
    return ((found[:, -1] - local) / local.clamp(min=1e-8)).clamp(min=0) * (deviation[:, 0] > 1e-6)


def build(classes: int, bands: int, *, window: int = 128, span: int = 6000, rest: int = 0) -> SpectralResidual:
    """Build a spectral residual; `span`: steps of the usual scores; `rest`: those after an alarm that a higher one ends."""
    return SpectralResidual(bands, window, span, rest)
