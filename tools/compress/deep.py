"""Deep Compression of a run: pruned, trained, clustered, trained again, coded; each candidate is judged from its file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.compress.evidence import Evidence
from tools.compress.retraining import Retraining
from tools.compress.verdict import Candidate
from zoo.compression import coded_file
from zoo.compression.low_rank import factorise, ranks_of
from zoo.inference.coded import of_coded, parts_of

if TYPE_CHECKING:
    from tasks.base import Task

#: Epochs of training after clustering, as a share of those of pruning.
SETTLING = 0.4
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
        self.evidence, self.run = evidence, evidence.run
        self.path, self.notes, self.found = folder / "model.coded", list[str](), list[Candidate]()
        self.training = Retraining(evidence, epochs)

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

        training = self.training
        pl.seed_everything(training.cfg.seed, verbose=False)
        model = self.run.load_model()
        factorise(model, ranks)
        task = training.task(model.train())
        if strength.sparsity:
            training.fit(task, training.epochs, Pruning(strength.sparsity))
        sharing = Sharing(strength.bits)
        training.fit(task, max(1, round(SETTLING * training.epochs)), sharing)
        return task, sharing
