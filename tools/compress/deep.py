"""Deep Compression of a run: pruned, trained, clustered, trained again, coded; each candidate is judged from its file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.compress.evidence import Evidence
from tools.compress.verdict import Candidate
from zoo.compression import coded_file
from zoo.compression.low_rank import factorise, ranks_of
from zoo.inference.coded import of_coded, parts_of

if TYPE_CHECKING:
    from torch import nn

    from tasks.base import Task

#: Epochs of training after clustering, as a share of those of pruning.
SETTLING = 0.4
#: The learning rate, as a share of the run's own: the weights are near where they shall be.
SLOWER = 0.3
#: The least share of all weights that low ranks must save to be worth a candidate.
SAVED = 0.1


@dataclass(frozen=True)
class Strength:
    """How much is asked for: the share of the weights that go, the bits of a codebook, and the energy of low ranks.

    `energy` is the share of the squared singular values of each layer that is kept; 1 factorises none.
    """

    sparsity: float
    bits: int
    energy: float = 1.0

    def __str__(self) -> str:
        ranks = f"ranks of {self.energy:.0%}, " if self.energy < 1 else ""
        return f"{ranks}{self.sparsity:.0%} pruned, {self.bits} bits"


#: From the smallest file to the most careful.
STRENGTHS = (
    Strength(0.85, 5),
    Strength(0.7, 6, energy=0.9),
    Strength(0.7, 6),
    Strength(0.5, 7),
    Strength(0.0, 8),
)


class Small:
    """The coded files of one run, trained on its own data, made in a folder."""

    def __init__(self, evidence: Evidence, epochs: int | None, folder: Path) -> None:
        from configuration.composition import recompose
        from tasks.trainer import HARDWARE
        from zoo import hardware

        self.evidence, self.run = evidence, evidence.run
        self.path, self.notes, self.found = folder / "model.coded", list[str](), list[Candidate]()
        own = self.run.config
        self.epochs = epochs or max(1, round(own["trainer"]["max_epochs"] / 4))
        self.cfg = recompose(own, [f"optimizer.lr={own['optimizer']['lr'] * SLOWER}"])
        self.hardware = hardware.choose(**{key: own["trainer"][key] for key in HARDWARE})
        hardware.apply(self.hardware)
        self.data = evidence.read(self.cfg)

    def task(self, model: "nn.Module") -> "Task":
        """Return the task of the run around a model."""
        from configuration.instantiation import task_of

        task = task_of(self.cfg, model, self.data.classes, self.hardware.channels_last)
        task.restore(self.evidence.opened.learnt)
        return task

    def candidates(self) -> Iterator[Candidate]:
        """Yield the original and candidates, from the smallest file on; ends after the first that is accepted."""
        yield self.evidence.untouched()
        for strength in STRENGTHS:
            ranks = self.ranks(strength.energy)
            if ranks is None:
                continue
            task, sharing = self.train(strength, ranks)
            state = {**task.model.state_dict(), **sharing.shared(task)}
            coded_file.write(self.path, state, parts_of(self.run, ranks))
            self.found.append(self.evidence.judge(str(strength), of_coded(self.path), self.path.stat().st_size))
            yield self.found[-1]
            if self.found[-1].accepted:
                return

    def kept(self) -> tuple[Candidate, Path] | None:
        """Return the candidate that is kept, and its file: the last, if it is accepted."""
        return (self.found[-1], self.path) if self.found and self.found[-1].accepted else None

    def ranks(self, energy: float) -> dict[str, int] | None:
        """Return the ranks of layers by name, {} where none is factorised; None where that saves too little to be tried."""
        if energy == 1:
            return {}
        model = self.run.load_model()
        found = ranks_of(model, energy)
        before = sum(weight.numel() for weight in model.parameters())
        factorise(model, found)
        return found if sum(weight.numel() for weight in model.parameters()) < (1 - SAVED) * before else None

    def train(self, strength: Strength, ranks: Mapping[str, int]) -> tuple["Task", Any]:
        """Factorise, prune and cluster the run's model, training it meanwhile; return the task and what shares its weights."""
        import pytorch_lightning as pl

        from tasks.callbacks.compression import Pruning, Sharing

        pl.seed_everything(self.cfg.seed, verbose=False)
        model = self.run.load_model()
        factorise(model, ranks)
        task = self.task(model.train())
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
