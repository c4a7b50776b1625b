"""What a model forgot: the headline metric of the old model and of the new one on the same old held-out samples."""

from dataclasses import asdict, dataclass
from typing import Any

from tools.production.accrete.material import Material
from tools.production.opened_data import task_of_opened
from zoo.inference.opened import of_run
from zoo.runs.run import Run


@dataclass(frozen=True)
class Forgotten:
    """The metric before and after, on so many samples; `drop` is positive where the new model is worse."""

    metric: str
    before: float
    after: float
    drop: float
    samples: int

    def facts(self, most: float) -> dict[str, Any]:
        """Return all of it as JSON has it, with what was allowed."""
        return {**asdict(self), "max_drop": most}

    def __str__(self) -> str:
        return f"{self.metric} {self.before:.4f} → {self.after:.4f} on {self.samples} samples"


def forgotten(run: Run, material: Material) -> Forgotten:
    """Measure what the model of a run lost against the one that it began as."""
    from tasks.resampling import answers, metric

    found = []
    for one in (material.opened, of_run(run)):
        task = task_of_opened(one, one.classes)
        said = answers(task, material.judging(one.classes).val_dataloader())
        found.append((task, metric(task, said)))
    (task, before), (_, after) = found
    sign = task.monitor.sign
    return Forgotten(task.monitor.name, before, after, sign * (before - after), len(material.judges))
