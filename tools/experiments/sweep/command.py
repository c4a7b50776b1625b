"""`zoo sweep`: search settings of a training by trials, several at a time, of which hopeless ones are ended early."""

import math
import shlex
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tools.experiments.sweep import picture
from tools.experiments.sweep.space import Space, read_space
from tools.experiments.sweep.study import Study
from tools.experiments.sweep.trial import Ended, end_trainings, forget_checkpoints, merit_of, train
from zoo import hardware
from zoo.errors import ZooError, counted
from zoo.files.paths import RUNS
from zoo.quantities import duration
from zoo.runs.run import Run

PICTURE = "sweep.png"


def command(
    words: Annotated[
        list[str],
        typer.Argument(help="as for train.py; what is searched has several values: optimizer.lr=interval(a,b)"),
    ],
    trials: Annotated[int, typer.Option(min=1, help="trainings, those that are ended early among them")] = 20,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="trainings at a time; default: one a core, a thread each")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder of the sweep; an unfinished one is gone on with")] = None,
    metric: Annotated[str, typer.Option(help="what they are judged by, of validation; default: as the task")] = "",
    prune: Annotated[bool, typer.Option(help="end trials early that are worse than the median at their epoch")] = True,
    seed: Annotated[int, typer.Option(help="of what is drawn; the trainings keep the seed of their words")] = 0,
) -> None:
    """Search the settings of a training. Judged is validation alone; the test figure of the best is shown at the end.

    A sweep that was cut off goes on when the command is repeated: what was finished is kept, what was under way goes on at
    its last checkpoint. Settings are written as Hydra's sweeps: `KEY=interval(a,b)`, `KEY=tag(log,interval(a,b))`,
    `KEY=range(a,b)`, `KEY=a,b,c`.

    Example: `zoo sweep task=detection data=satellite "optimizer.lr=tag(log,interval(1e-4,1e-2))" augment=light,heavy`
    """
    if metric and not metric.startswith("val/"):
        raise ZooError(
            f"--metric {metric} is not of validation; a sweep that is judged by test data has seen them: val/…"
        )
    signal.signal(signal.SIGTERM, lambda number, frame: interrupt())
    space = read_space(words)
    refuse_mistakes(space)
    study = Study(out or default_folder(space), space, seed, prune)
    sweep = Sweep(study, metric, jobs or hardware.cores(), Console(highlight=False, soft_wrap=True))
    sweep.run(trials)
    report(study, sweep.metric(), sweep.console)


def interrupt() -> None:
    """End as by Ctrl-C, so that trainings end with the sweep."""
    raise KeyboardInterrupt


def refuse_mistakes(space: Space) -> None:
    """Compose a run with one value of each setting, so that a mistake in the words is said at once."""
    from configuration.composition import compose

    for name in ("run", "resume"):
        if any(word.partition("=")[0] == name for word in space.fixed):
            raise ZooError(f"{name}= names the folder of one run; a sweep has many: name their folder by --out")
    compose(space.words(space.corner()))


def default_folder(space: Space) -> Path:
    """Return the folder of the sweep of a task and data."""
    named = dict(word.split("=", 1) for word in space.fixed if word.split("=", 1)[0] in ("task", "data", "recipes"))
    return RUNS / "-".join(["sweep", *named.values()])


class Sweep:
    """Trains the trials of a study, so many at a time, each with its share of the cores."""

    def __init__(self, study: Study, metric: str, jobs: int, console: Console) -> None:
        self.study, self.jobs, self.console = study, jobs, console
        self.named = metric
        self.threads = max(1, hardware.cores() // jobs)

    def metric(self) -> str:
        """Return the name of what trials are judged by: that of the first finished run, where none was named; else ""."""
        if not self.named:
            for folder in sorted(self.study.folder.glob("trial-*")):
                if folder.is_dir() and Run(folder).finished:
                    self.named = "val/" + str(Run(folder).metrics["headline"]).removeprefix("test/")
                    break
        return self.named

    def run(self, trials: int) -> None:
        """Train until so many trials are settled; as many that fail one after the other end the sweep."""
        self.study.take_up()
        done = self.study.settled
        if done:
            self.console.print(f"{counted(done, 'trial')} of {trials} done before", markup=False)
        failures = 0
        with ThreadPoolExecutor(self.jobs) as pool:
            under_way: set[Future[Ended]] = set()
            try:
                while under_way or (self.study.settled < trials and failures <= self.jobs):
                    while (
                        len(under_way) < self.jobs
                        and self.study.settled + len(under_way) < trials
                        and failures <= self.jobs
                    ):
                        under_way.add(pool.submit(self.trial))
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    for one in ended:
                        failures = failures + 1 if one.result().merit is None else 0
            except BaseException:
                self.stop()
                raise
        if failures > self.jobs:
            raise ZooError(f"{counted(failures, 'trial')} failed one after the other; the reasons are above")

    def stop(self) -> None:
        """End the trainings that are under way; their folders stay, and are gone on with."""
        for folder in self.study.folder.glob("trial-*"):
            if folder.is_dir():
                end_trainings(folder)

    def trial(self) -> Ended:
        """Train the next trial and say how it ended."""
        trial, folder = self.study.ask()
        words = [*self.study.space.words(trial.params), f"trainer.threads={self.threads}"]
        ended = train(folder, words, self.metric, lambda epoch, merit: self.study.hopeless(trial, epoch, merit))
        self.study.tell(trial, ended)
        if ended.pruned:
            forget_checkpoints(folder)
        self.console.print(f"{folder.name}  {said(ended, self.metric())}  {chosen(trial.params)}", markup=False)
        return ended


def said(ended: Ended, metric: str) -> str:
    """Return how a trial ended, in words."""
    if ended.merit is None:
        return f"failed ({ended.why})"
    value = f"{metric} {merit_of(metric, ended.merit):.4g}"
    return f"{value} after {counted(ended.epochs, 'epoch')}" + (", ended early" if ended.pruned else "")


def chosen(params: dict[str, object]) -> str:
    """Return settings as words."""
    return " ".join(f"{key}={f'{value:.4g}' if isinstance(value, float) else value}" for key, value in params.items())


def report(study: Study, metric: str, console: Console) -> None:
    """Print the finished trials, the best first, draw them, and say what to type for the best one."""
    trials = study.best_first()
    if not trials:
        raise ZooError(f"no trial of {study.folder} was trained to its end")
    table = Table(box=None)
    for head in ("trial", metric, *study.space.searched):
        table.add_column(head, justify="left" if head == "trial" else "right")
    for trial in trials[:10]:
        values = [f"{v:.4g}" if isinstance(v, float) else str(v) for v in trial.params.values()]
        table.add_row(trial.user_attrs["folder"], f"{merit_of(metric, trial.value or math.nan):.4g}", *values)
    console.print(table)
    console.print(spared(study), markup=False)
    best = Run(study.folder / trials[0].user_attrs["folder"])
    headline = str(best.metrics["headline"])
    console.print(f"the best on the test data: {headline} {best.metrics[headline]:.4g}", markup=False)
    console.print(f"picture   {picture.draw(study, metric, study.folder / PICTURE)}", markup=False)
    console.print(f"again     python train.py {shlex.join(study.space.words(trials[0].params))}", markup=False)


def spared(study: Study) -> str:
    """Return what ending trials early has spared, by the epochs and the time of those that were trained to their end."""
    from optuna.trial import TrialState

    whole, cut = study.trials(TrialState.COMPLETE), study.trials(TrialState.PRUNED)
    each = sorted((t.duration.total_seconds(), t.user_attrs["epochs"]) for t in whole if t.duration)[len(whole) // 2]
    left = sum(each[1] - trial.user_attrs["epochs"] for trial in cut)
    share = left / (each[1] * (len(whole) + len(cut)))
    return (
        f"{counted(len(whole), 'trial')} trained to the end, {len(cut)} ended early: {share:.0%} of the epochs were not "
        f"trained, about {duration(each[0] * left / each[1])}"
    )
