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
    def error(self) -> float:
        """The mean absolute scaled error of the median."""
        return float(((self.future - self.said[..., self.said.shape[-1] // 2]).abs() / self.scale).mean())
