"""Objectives of sequences: what a model's outputs are held against, chosen by name in the configuration.

An objective knows its loss, its metrics and its pictures; `tasks.sequence` knows the rest. A new one is a file here with
a subclass of `Objective`, and its entry in `OBJECTIVES`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.objectives.anomalies import DetectAnomalies
from tasks.objectives.classify import Classify
from tasks.objectives.forecast import Forecast
from tasks.objectives.objective import Objective
from tasks.objectives.tag import Tag
from tasks.objectives.transcribe import Transcribe
from tasks.objectives.translate import Translate
from zoo.errors import ZooError, near

OBJECTIVES: Mapping[str, type[Objective]] = {
    "classify": Classify,
    "tag": Tag,
    "forecast": Forecast,
    "detect_anomalies": DetectAnomalies,
    "transcribe": Transcribe,
    "translate": Translate,
}

__all__ = ["OBJECTIVES", "Objective", "objective"]


def objective(name: str, classes: Sequence[str], options: Mapping[str, Any]) -> Objective:
    """Return the objective called `name` over `classes`; ZooError when the name or an option is not known."""
    if name not in OBJECTIVES:
        raise ZooError(
            f"task.objective={name!r} is not known{near(name, OBJECTIVES)}; it is one of {', '.join(OBJECTIVES)}"
        )
    try:
        return OBJECTIVES[name](classes, **options)
    except TypeError as error:
        raise ZooError(f"task.objective_options={dict(options)} do not fit the objective {name!r}: {error}") from error
