"""Deep Compression of a run: pruned, trained, clustered, trained again, coded; each candidate is judged from its file."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.compress.verdict import Candidate, Limits
from zoo.compression import coded_file
from zoo.errors import ZooError
from zoo.inference.coded import of_coded, parts_of
from zoo.inference.opened import of_run
from zoo.runs.run import WEIGHTS, Run

if TYPE_CHECKING:
    from torch import nn

    from tasks.base import Task
    from tasks.resampling import Answered

#: Shares of the weights that go, and bits of the codebooks: from the smallest file to the most careful.
STRENGTHS = ((0.85, 5), (0.7, 6), (0.5, 7), (0.0, 8))
#: Epochs of training after clustering, as a share of those of pruning.
SETTLING = 0.4
#: The learning rate, as a share of the run's own: the weights are near where they shall be.
SLOWER = 0.3


@dataclass(frozen=True)
class Strength:
    """How much is asked for: the share of the weights that go, and the bits of a codebook."""

    sparsity: float
    bits: int

    def __str__(self) -> str:
        return f"{self.sparsity:.0%} pruned, {self.bits} bits"


class Compression:
    """One run, its data, and what its model says of the validation samples."""

    def __init__(self, run: Run, epochs: int | None, limits: Limits) -> None:
        from configuration.composition import recompose
        from configuration.instantiation import data_of
        from tasks.trainer import HARDWARE
        from zoo import hardware

        self.run, self.opened, self.limits = run, of_run(run), limits
        own = run.config
        self.epochs = epochs or max(1, round(own["trainer"]["max_epochs"] / 4))
        self.cfg = recompose(own, [f"optimizer.lr={own['optimizer']['lr'] * SLOWER}"])
        self.hardware = hardware.choose(**{key: own["trainer"][key] for key in HARDWARE})
        hardware.apply(self.hardware)
        self.data = data_of(self.cfg)
        self.single = data_of(recompose(own, ["data.batch_size=1", "trainer.workers=0"]))
        for data in (self.data, self.single):
            data.restore(self.opened.fitted)
            data.prepare_data()
            data.setup()
        if not self.single.split.parts["val"]:
            raise ZooError(f"run {run.folder} holds out no validation samples, by which a compression is judged")
        self.reference = self.answers(run.load_model())

    def task(self, model: "nn.Module") -> "Task":
        """Return the task of the run around a model."""
        from configuration.instantiation import task_of

        task = task_of(self.cfg, model, self.data.classes, self.hardware.channels_last)
        task.restore(self.opened.learnt)
        return task

    def answers(self, model: "nn.Module") -> "list[Answered]":
        """Return what a model says of each validation sample."""
        from tasks.resampling import answers

        return answers(self.task(model.eval()), self.single.val_dataloader())

    def candidates(self) -> Iterator[tuple[Candidate, bytes]]:
        """Yield candidates with their files, from the smallest on; ends after the first that is accepted."""
        with tempfile.TemporaryDirectory(prefix="zoo_compress_") as folder:
            path = Path(folder) / "model.coded"
            for sparsity, bits in STRENGTHS:
                strength = Strength(sparsity, bits)
                task, sharing = self.train(strength)
                coded_file.write(path, {**task.model.state_dict(), **sharing.shared(task)}, parts_of(self.run))
                candidate = self.judge(strength, path)
                yield candidate, path.read_bytes()
                if candidate.accepted:
                    return

    def train(self, strength: Strength) -> tuple["Task", Any]:
        """Prune and cluster the run's model, training it meanwhile; return the task and what shares its weights."""
        import pytorch_lightning as pl

        from tasks.callbacks.compression import Pruning, Sharing

        pl.seed_everything(self.cfg.seed, verbose=False)
        task = self.task(self.run.load_model().train())
        if strength.sparsity:
            self.fit(task, self.epochs, Pruning(strength.sparsity))
        sharing = Sharing(strength.bits)
        self.fit(task, max(1, round(SETTLING * self.epochs)), sharing)
        return task, sharing

    def fit(self, task: "Task", epochs: int, callback: Any) -> None:
        """Train for some epochs of the run's own data, by its own settings but for a lower learning rate."""
        from tasks.trainer import HARDWARE, make_trainer

        own = {key: value for key, value in self.cfg.trainer.items() if key not in (*HARDWARE, "minutes")}
        changed = {"max_epochs": epochs, "limit_val_batches": 0, "log_every_n_steps": 1}
        make_trainer(self.hardware, callbacks=[callback], **{**own, **changed}).fit(task, datamodule=self.data)

    def judge(self, strength: Strength, path: Path) -> Candidate:
        """Hold what is in a file, opened again, against the run's model, sample by sample."""
        from tasks.resampling import compare, metric

        model = of_coded(path).build()
        found = self.answers(model)
        task = self.task(model)
        change = compare(task, found, self.reference, self.limits.rounds, self.cfg.seed)
        return Candidate(
            name=str(strength),
            metric=f"val/{task.monitor.name}",
            value=metric(task, found),
            before=metric(task, self.reference),
            change=change,
            bytes=path.stat().st_size,
            bytes_before=(self.run.folder / WEIGHTS).stat().st_size,
            samples=len(found),
            limits=self.limits,
        )
