"""Quantiles of the next steps: pinball loss, MASE, CRPS and coverage, with the naive forecasts beside them."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from tasks.base import Batch, Metric
from tasks.objectives.objective import Objective
from tasks.results.forecast import ForecastResult
from zoo.errors import ZooError
from zoo.inference import answers


class Forecast(Objective):
    """Series to quantiles (B, H, F, Q) of their `future (B, H, F)`; level q of Q is (q + 1) / (Q + 1), so nine are deciles.

    Errors are in units of the naive one: the mean absolute difference of the past from itself a `season` earlier
    (Hyndman and Koehler 2006, https://doi.org/10.1016/j.ijforecast.2006.03.001). CRPS is twice the mean pinball loss over
    the levels (Gneiting and Raftery 2007), its approximation by quantiles, in the same units.
    """

    monitor: ClassVar[Metric] = Metric("mase", "min", whole=None)
    baselines: ClassVar[tuple[str, ...]] = ("mase_naive", "mase_seasonal")
    gives = answers.Forecast

    def __init__(self, classes: Any = ()) -> None:
        super().__init__(classes)
        self.results: tuple[ForecastResult, ...] = ()
        self.season = 1
        self.pending: list[ForecastResult] = []

    def losses(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the mean pinball loss of quantiles (B, H, F, Q), in units of the naive error."""
        said, scale = self.quantiles(outputs, batch), scales(batch)
        return {"pinball": (pinball(said, batch["future"]) / scale[..., None]).mean()}

    def quantiles(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the outputs as float32, or say that they are not what this objective is about."""
        wanted = tuple(batch["future"].shape)
        if outputs.ndim != 4 or tuple(outputs.shape[:3]) != wanted:
            raise ZooError(
                f"the objective 'forecast' needs quantiles (B, H, F, Q) = {(*wanted, 'Q')}, and the model gives "
                f"{tuple(outputs.shape)}; take a model whose card lists forecast, with model.horizon={wanted[1]}"
            )
        return outputs.float()

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Keep what was said of each window."""
        said, scale, self.season = self.quantiles(outputs, batch).cpu(), scales(batch).cpu(), batch["season"]
        for row, length in enumerate(batch["lengths"].tolist()):
            past, future = batch["inputs"][row, :length].cpu(), batch["future"][row].cpu()
            self.pending.append(ForecastResult(batch["names"][row], past, future, said[row], scale[row, 0]))

    def answers(self, outputs: Tensor, batch: Batch) -> list[answers.Forecast]:
        """Return the levels of the quantiles, and by band for each step to come its time and the value at each level.

        The `offsets` of a batch, (F,) each, were taken off the values and are put on again.
        """
        B, _, F, Q = outputs.shape
        levels = [(level + 1) / (Q + 1) for level in range(Q)]
        offsets = torch.tensor(batch.get("offsets", [[0.0] * F] * B), dtype=torch.float64, device=outputs.device)
        values = outputs.double() + offsets[:, None, :, None]
        found = []
        for row, said in enumerate(values.permute(0, 2, 1, 3).tolist()):  # (B, F, H, Q)
            after = batch["times"][row][-1] if "times" in batch else None
            ahead = batch["times_ahead"][row] if "times_ahead" in batch else None
            found.append(answers.Forecast(levels, dict(zip(batch["bands"], said, strict=True)), after, ahead))
        return found

    def compute(self) -> dict[str, float]:
        """Return MASE, CRPS, pinball and coverage; `mase_naive` and `mase_seasonal` are of the naive forecasts."""
        self.results, self.pending = tuple(self.pending), []
        said, future, scale = (
            torch.stack([getattr(one, part) for one in self.results]) for part in ("said", "future", "scale")
        )
        Q, per = said.shape[-1], scale[:, None]
        lost = (pinball(said, future) / per[..., None]).mean()
        inside = (future >= said[..., 0]) & (future <= said[..., -1])
        return {
            "mase": float(((future - said[..., Q // 2]).abs() / per).mean()),
            "crps": 2 * float(lost),
            "pinball": float(lost),
            "coverage": float(inside.float().mean()),
            "coverage_wanted": (Q - 1) / (Q + 1),
            "mase_naive": self.naive(1),
            "mase_seasonal": self.naive(self.season),
        }

    def naive(self, season: int) -> float:
        """Return the MASE of the last `season` steps said again."""
        errors = []
        for one in self.results:
            own = min(season, len(one.past))
            place = len(one.past) - own + torch.arange(len(one.future)) % own
            errors.append(((one.future - one.past[place]).abs() / one.scale).mean())
        return float(torch.stack(errors).mean())

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw windows from the best to the worst: past, future, the fan of quantiles."""
        from tasks.plots import forecast

        if not self.results:
            raise RuntimeError("draw comes after compute")
        return [forecast.draw(folder / "forecasts.png", self.results, data)]


def pinball(said: Tensor, future: Tensor) -> Tensor:
    """Return the pinball loss of each quantile, (B, H, F, Q). Koenker and Bassett 1978, https://doi.org/10.2307/1913643."""
    Q = said.shape[-1]
    levels = torch.arange(1, Q + 1, device=said.device) / (Q + 1)
    missed = future[..., None] - said
    return torch.maximum(levels * missed, (levels - 1) * missed)


def scales(batch: Batch) -> Tensor:
    """Return the mean absolute seasonal difference (B, 1, F) of each past; where it is 0 or unknown, its largest value or 1."""
    inputs, lengths, T = batch["inputs"].float(), batch["lengths"], batch["inputs"].shape[1]
    season = min(batch["season"], max(T - 1, 1))
    steps = torch.arange(T, device=inputs.device)
    inside = (steps < lengths[:, None])[..., None]
    values = inputs.masked_fill(~inside, 0.0)
    apart = (values[:, season:] - values[:, :-season]).abs() * inside[:, season:]
    mean = apart.sum(dim=1) / inside[:, season:].sum(dim=1).clamp(min=1)
    largest = values.abs().amax(dim=1)
    fallback = torch.where(largest > 0, largest, 1.0)
    return torch.where(mean > 1e-6 * fallback, mean, fallback)[:, None]
