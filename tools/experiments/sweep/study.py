"""The study of a sweep: its trials, kept in a journal that a kill at any moment leaves whole."""

import threading
from collections.abc import Mapping
from pathlib import Path

import optuna
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import FrozenTrial, TrialState

from tools.experiments.sweep.space import Space
from tools.experiments.sweep.trial import Ended
from zoo.errors import ZooError
from zoo.files import ensure_dir

JOURNAL, NAME = "journal.log", "sweep"
#: The version of what a study keeps beside Optuna's own.
FORMAT = 1
#: Trials that are trained to their end before one is ended early: that is worse than the median of others at its epoch.
STARTUP = 4


class Study:
    """Draws settings and takes results; what several threads ask of it they ask in turn."""

    def __init__(self, folder: Path, space: Space, seed: int, prune: bool) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder, self.space, self.lock = folder, space, threading.Lock()
        ensure_dir(folder)
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        self.study = optuna.create_study(
            storage=opened(folder / JOURNAL),
            sampler=sampler,
            pruner=optuna.pruners.MedianPruner(STARTUP, n_min_trials=STARTUP) if prune else optuna.pruners.NopPruner(),
            study_name=NAME,
            direction="maximize",
            load_if_exists=True,
        )
        self.hold()

    def hold(self) -> None:
        """Keep what is asked; a folder in which something else was asked is refused."""
        asked = {
            "format": FORMAT,
            "fixed": list(self.space.fixed),
            "searched": {key: repr(value) for key, value in self.space.searched.items()},
        }
        kept = self.study.user_attrs
        if not kept:
            for name, value in asked.items():
                self.study.set_user_attr(name, value)
            return
        other = [name for name, value in asked.items() if kept.get(name) != value]
        if other:
            raise ZooError(
                f"--out {self.folder} holds a sweep of other settings ({other[0]}: {kept.get(other[0])}); name another folder, "
                "or repeat the words of that sweep to go on with it"
            )

    def take_up(self) -> None:
        """Put what a killed sweep has left unfinished first in line, in the folders that it has begun."""
        for left in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            attributes = {"folder": left.user_attrs.get("folder", folder_name(left.number))}
            self.study.tell(left.number, state=TrialState.FAIL)
            self.study.enqueue_trial(left.params, user_attrs=attributes)

    def ask(self) -> tuple[optuna.Trial, Path]:
        """Return the next trial and its folder."""
        with self.lock:
            trial = self.study.ask(dict(self.space.searched))
            name = trial.user_attrs.get("folder") or folder_name(trial.number)
            trial.set_user_attr("folder", name)
            return trial, self.folder / name

    def hopeless(self, trial: optuna.Trial, epoch: int, merit: float) -> bool:
        """Take what a trial has reached after an epoch; tell whether it is to end.

        One that has trained as long as any that came to its end has nothing left to spare.
        """
        with self.lock:
            trial.report(merit, epoch)
            whole = max((one.user_attrs["epochs"] for one in self.trials(TrialState.COMPLETE)), default=0)
            return epoch < whole and trial.should_prune()

    def tell(self, trial: optuna.Trial, ended: Ended) -> None:
        """Take how a trial has ended."""
        with self.lock:
            trial.set_user_attr("epochs", ended.epochs)
            if ended.merit is None:
                trial.set_user_attr("why", ended.why)
                self.study.tell(trial, state=TrialState.FAIL)
            else:
                self.study.tell(
                    trial, None if ended.pruned else ended.merit, TrialState.PRUNED if ended.pruned else None
                )

    @property
    def settled(self) -> int:
        """How many trials have come to their end: those that were ended early too, without those that failed."""
        return len(self.trials(TrialState.COMPLETE, TrialState.PRUNED))

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Return the trials that ended in these ways."""
        return self.study.get_trials(deepcopy=False, states=states)

    def best_first(self) -> list[FrozenTrial]:
        """Return the trials that were trained to their end, the best first."""
        return sorted(self.trials(TrialState.COMPLETE), key=lambda trial: trial.value or 0.0, reverse=True)

    def importances(self) -> Mapping[str, float]:
        """Return how much of the differences each setting explains, by name; {} of too few trials."""
        if len(self.trials(TrialState.COMPLETE)) < STARTUP or len(self.space.searched) < 2:
            return {}
        return optuna.importance.get_param_importances(self.study, evaluator=PedAnovaImportanceEvaluator())


def opened(path: Path) -> JournalStorage:
    """Open the journal; one that another program wrote is refused."""
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except (ValueError, KeyError) as error:
        raise ZooError(f"{path} is no journal of a sweep that is known here ({error}); name another --out") from error


def folder_name(number: int) -> str:
    """Return the name of the folder of a trial."""
    return f"trial-{number:04d}"
