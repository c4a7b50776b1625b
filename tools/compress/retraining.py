"""Training a run's model further, after it was changed: by its own recipe, data and schedule."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.compress.evidence import Evidence
from zoo.inference.opened import Opened

if TYPE_CHECKING:
    from torch import nn

    from tasks.base import Task

#: The epochs and the learning rate, as shares of the run's own: the weights are near where they shall be.
SHARE, SLOWER = 0.25, 0.3


class Retraining:
    """Trains models on the data of a run; `epochs` are those asked for, or this `share` of the run's.

    The learning rate is that of the run, times `slower`.
    """

    def __init__(self, evidence: Evidence, epochs: int | None, share: float = SHARE, slower: float = SLOWER) -> None:
        from configuration.composition import recompose
        from tasks.trainer import HARDWARE
        from zoo import hardware

        self.evidence, own = evidence, evidence.run.config
        self.epochs = epochs or max(1, round(own["trainer"]["max_epochs"] * share))
        self.cfg = recompose(own, [f"optimizer.lr={own['optimizer']['lr'] * slower}"])
        self.hardware = hardware.choose(**{key: own["trainer"][key] for key in HARDWARE})
        hardware.apply(self.hardware)
        self.data = evidence.read(self.cfg)

    def task(self, model: "nn.Module") -> "Task":
        """Return the task of the run around a model."""
        from configuration.instantiation import task_of

        task = task_of(self.cfg, model, self.data.classes, self.hardware.channels_last)
        task.restore(self.evidence.opened.learnt)
        return task

    def averages(self) -> list[Any]:
        """Return what averages weights as the run's own training did, nothing where it did not."""
        from configuration.instantiation import build

        own = self.cfg.callbacks.get("ema")
        return [build(own)] if own else []

    def fit(self, task: "Task", epochs: int, *callbacks: Any) -> None:
        """Train for some epochs of the run's own data, by its own settings but for the learning rate."""
        from tasks.trainer import HARDWARE, make_trainer

        own = {key: value for key, value in self.cfg.trainer.items() if key not in (*HARDWARE, "minutes")}
        changed = {"max_epochs": epochs, "limit_val_batches": 0, "log_every_n_steps": 1}
        make_trainer(self.hardware, callbacks=[*callbacks], **{**own, **changed}).fit(task, datamodule=self.data)


def trained_to_round(evidence: Evidence, opened: Opened, epochs: int) -> Opened:
    """Return what was opened with weights that were trained while its layers rounded to 8 bits."""
    import pytorch_lightning as pl

    from tasks.callbacks.compression import Rounding

    training = Retraining(evidence, epochs)
    pl.seed_everything(training.cfg.seed, verbose=False)
    task = training.task(opened.build().train())
    training.fit(task, training.epochs, Rounding())
    state = task.model.state_dict()

    def build(**changed: Any) -> "nn.Module":
        model = opened.build(**changed)
        model.load_state_dict(state)
        return model

    return replace(opened, build=build)
