"""The result of a forecast."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ForecastResult:
    """One window: its name, the past (T, F), the true future (H, F), what was said of it (H, F, Q), and its scale (F,)."""

    name: str
    past: Tensor
    future: Tensor
    said: Tensor
    scale: Tensor

    @property
    def errors(self) -> Tensor:
        """The mean absolute scaled errors (F,) of the median."""
        return ((self.future - self.said[..., self.said.shape[-1] // 2]).abs() / self.scale).mean(dim=0)

    @property
    def error(self) -> float:
        """Their mean over all columns."""
        return float(self.errors.mean())
