"""Objectives of sequences: what a model's outputs are held against, chosen by name in the configuration.

An objective knows its loss, its metrics and its pictures; `tasks.sequence` knows the rest. A new one is a file here with
a subclass of `Objective`, and its entry in the record of the task, `zoo/sequence/task.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from tasks.objectives.objective import Objective
from zoo.errors import ZooError, near
from zoo.sequence.task import TASK


def objective(
    name: str, classes: Sequence[str], options: Mapping[str, Any], model: nn.Module | None = None
) -> Objective:
    """Return the objective called `name` over `classes`, as it asks `model`; ZooError for another name or option."""
    known = {name: one for name, one in TASK.objectives.items() if one.module}
    if name not in known:
        raise ZooError(f"task.objective={name!r} is not known{near(name, known)}; it is one of {', '.join(known)}")
    try:
        return TASK.resolve(known[name].module).for_model(model)(classes, **options)
    except TypeError as error:
        raise ZooError(f"task.objective_options={dict(options)} do not fit the objective {name!r}: {error}") from error
