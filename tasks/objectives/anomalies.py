"""A score of anomaly for each step: a threshold learnt on normal data, F1 and AUC-PR of steps, the NAB score."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tasks.base import Batch, Metric
from tasks.objectives import nab
from tasks.objectives.objective import Objective
from tasks.results.anomalies import AnomalyResult
from zoo.errors import ZooError, near
from zoo.inference.answers import Anomalies

HEADLINES = ("auc_pr", "nab")
#: What a run that flushes denormals tells from 0: less than this is 0 to it.
TINY = np.finfo(np.float32).tiny


class DetectAnomalies(Objective):
    """Series to scores (B, T), larger where less usual; `anomalous (B, T)` is asked for in evaluation only.

    Where a batch says which steps are `judged (B, T)`, those before the first of them were only there to be known.

    In training, scores of what is taken to be normal are made small. The threshold is the `quantile` of the scores of
    normal steps of the validation data. The false alarm rate is the share of normal steps that are called anomalous, the miss
    rate that of anomalous steps that are not. The first 15 % of each series (at most 750 steps) are never judged, as NAB has
    it. F1 and AUC-PR are of single steps, without adjustment by segments (Kim et al. 2022,
    https://arxiv.org/abs/2109.05257, show what that adjustment makes of random scores).
    """

    gives = Anomalies

    def __init__(self, classes: Any = (), headline: str = "auc_pr", quantile: float = 0.999) -> None:
        super().__init__(classes)
        if headline not in HEADLINES:
            raise ZooError(
                f"task.objective_options.headline={headline!r} is not known{near(headline, HEADLINES)};"
                f" it is one of {', '.join(HEADLINES)}"
            )
        if not 0 < quantile <= 1:
            raise ZooError(f"task.objective_options.quantile={quantile} must lie above 0 and not above 1")
        self.monitor = Metric(headline, "max", 100.0 if headline == "nab" else 1.0)  # type: ignore[misc]  # it depends on the data
        self.quantile, self.threshold, self.learning = quantile, float("inf"), True
        self.results: tuple[AnomalyResult, ...] = ()
        self.pending: list[AnomalyResult] = []

    def losses(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the mean score (B, T) over the steps of the sequences."""
        scores = self.scores(outputs, batch)
        inside = torch.arange(scores.shape[1], device=scores.device) < batch["lengths"][:, None]
        return {"unusual": scores[inside].mean()}

    def scores(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the outputs as float32, or say that they are not what this objective is about."""
        wanted = tuple(batch["inputs"].shape[:2])
        if tuple(outputs.shape) != wanted:
            raise ZooError(
                f"the objective 'detect_anomalies' needs scores (B, T) = {wanted}, and the model gives "
                f"{tuple(outputs.shape)}; take a model whose card lists detect_anomalies"
            )
        return outputs.float()

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Keep scores and labels of each series; what has no labels is taken to be normal."""
        scores = self.scores(outputs, batch).cpu().numpy()
        labels = batch["anomalous"].cpu().numpy() if "anomalous" in batch else np.zeros(scores.shape, bool)
        for row, length in enumerate(batch["lengths"].tolist()):
            own = slice(first_judged(batch, row), length)
            values = batch["inputs"][row, own].cpu().numpy()
            self.pending.append(AnomalyResult(batch["names"][row], values, scores[row, own], labels[row, own]))

    def on_data(self, data: Any, stage: str) -> None:
        """Learn the threshold before the test, and keep it there."""
        self.learning = stage != "test"

    def learned_state(self) -> dict[str, Any]:
        """Return the threshold, where one was learnt."""
        return {"threshold": self.threshold} if np.isfinite(self.threshold) else {}

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Take the threshold of a finished run."""
        self.threshold = float(learnt.get("threshold", self.threshold))

    def answers(self, outputs: Tensor, batch: Batch) -> list[Anomalies]:
        """Return the threshold, the scores of the steps, and which are anomalous."""
        scores, found = self.scores(outputs, batch), []
        for row, length in enumerate(batch["lengths"].tolist()):
            own = scores[row, :length]
            times = list(batch["times"][row]) if "times" in batch else None
            found.append(Anomalies(self.threshold, own.tolist(), (own >= self.threshold).int().tolist(), times))
        return found

    def compute(self) -> dict[str, float]:
        """Return the metrics, and the share of steps that are `alarms`; learn a threshold, but not of the test.

        Where nothing is anomalous there is no metric.
        """
        self.results, self.pending = tuple(self.pending), []
        anomalies = any(one.anomalous.any() for one in self.results)
        if self.learning or not (anomalies or np.isfinite(self.threshold)):
            self.learn()
        alarms = float(np.concatenate([one.scores >= self.threshold for one in self.results]).mean())
        if not anomalies:
            return {"alarms": alarms, "threshold": self.threshold, self.monitor.name: float("nan")}
        every = nab.corpus([one.scores for one in self.results], [one.anomalous for one in self.results])
        count = sum(len(nab.windows(one.anomalous)) for one in self.results)
        wanted, said = every.window >= 0, every.scores >= self.threshold
        found = {f"nab/{name}": nab.score(every, count, costs) for name, costs in nab.PROFILES.items()}
        return {
            "nab": found["nab/standard"],
            **found,
            "nab_learnt": nab.score(every, count, nab.PROFILES["standard"], self.threshold),
            "auc_pr": average_precision(every.scores, wanted),
            "f1": 2 * float((wanted & said).sum()) / max(1, int(wanted.sum() + said.sum())),
            "false_alarm_rate": float(said[~wanted].mean()) if not wanted.all() else float("nan"),
            "miss_rate": float((~said[wanted]).mean()),
            "alarms": alarms,
            "threshold": self.threshold,
        }

    def reason(self, metric: str) -> str:
        """Say what the labels lack; nothing of the steps that what is normal is learnt from, which are to lack them."""
        if self.learning:
            return ""
        return "every step is anomalous" if metric == "false_alarm_rate" else "no step is labelled as anomalous"

    def learn(self) -> None:
        """Set the threshold by the scores of the normal steps that were seen."""
        normal = np.concatenate([one.scores[~one.anomalous] for one in self.results])
        if not len(normal):
            raise ZooError("every step of the validation data is anomalous; the threshold is learnt on normal ones")
        self.threshold = float(np.quantile(normal, self.quantile))
        if (
            self.quantile > 0.5 and float(np.median(normal)) == self.threshold
        ):  # it would call what is most usual anomalous
            warnings.warn(
                f"most of the {len(normal)} normal steps of the validation have the score {self.threshold:g}, so the threshold"
                " says little: only what exceeds it is an alarm; give longer series, or more of them by data.ratios",
                stacklevel=2,
            )
            above = np.nextafter(np.float32(self.threshold), np.float32(np.inf))
            self.threshold = float(above if abs(above) >= TINY else TINY)

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw series with their anomalies, and the alarms above the threshold."""
        from tasks.plots import anomalies

        if not self.results:
            raise RuntimeError("draw comes after compute")
        return [anomalies.draw(folder / "anomalies.png", self.results, self.threshold, data)]


def first_judged(batch: Batch, row: int) -> int:
    """Return the first step of a sequence that is judged."""
    return int(batch["judged"][row].int().argmax()) if "judged" in batch else 0


def average_precision(scores: np.ndarray, wanted: np.ndarray) -> float:
    """Return the area under the curve of precision over recall, by steps between distinct scores; 0 where none is wanted."""
    order = np.argsort(-scores, kind="stable")
    hits, last = wanted[order].cumsum(), np.append(scores[order][1:] != scores[order][:-1], True)
    recall, precision = hits[last] / max(1, wanted.sum()), hits[last] / (np.flatnonzero(last) + 1)
    return float((np.diff(recall, prepend=0.0) * precision).sum())
