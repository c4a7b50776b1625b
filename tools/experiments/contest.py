"""A contest: every model under the same budget; what each reached and costs, kept as it goes so that it can be resumed."""

import json
import math
import re
import shutil
import statistics
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import zoo
from tools.catalogue.results import frontier
from tools.experiments.budget import plan
from tools.experiments.reproduce import Result, headline, measured
from tools.terminal.process import said_by
from tools.train import PROGRAM
from zoo.errors import ZooError, near
from zoo.files import write_json
from zoo.registry import measurements
from zoo.registry.measurements import less_is_better
from zoo.runs.run import WEIGHTS, Run

RESULTS = "comparison.json"


@dataclass(frozen=True)
class Entry:
    """What a model (or another choice) reached and costs: the metric of each seed, seconds, bytes; or why it took no part."""

    model: str
    values: tuple[float, ...] = ()
    latency: float = 0.0
    memory: int = 0
    size: int = 0
    parameters: int = 0
    training: float = 0.0
    runs: tuple[str, ...] = ()
    failure: str = ""

    @property
    def value(self) -> float:
        """The median over the seeds."""
        return statistics.median(self.values)


@dataclass
class Contest:
    """A comparison and its folder: what was asked, on which machine, and the entries so far."""

    folder: Path
    words: list[str]
    budget: float
    seeds: int
    metric: str = ""
    hardware: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def load(cls, folder: Path) -> "Contest":
        """Read a contest that `save` wrote."""
        path = folder / RESULTS
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            entries = [
                Entry(**{**e, "values": tuple(e["values"]), "runs": tuple(e["runs"])}) for e in content["entries"]
            ]
            return cls(folder, **{**content, "entries": entries})
        except OSError as error:
            raise ZooError(f"no comparison at {path}: {error.strerror}; `zoo compare-models` makes one") from error
        except (ValueError, TypeError, KeyError) as error:
            raise ZooError(
                f"comparison {path} is damaged ({error}); remove it and run `zoo compare-models` again"
            ) from error

    def save(self) -> None:
        """Write the contest into its folder."""
        content = {key: value for key, value in asdict(self).items() if key != "folder"}
        write_json(self.folder / RESULTS, content)

    def finished(self) -> list[Entry]:
        """Return the models that took part, the best first."""
        return sorted((e for e in self.entries if not e.failure), key=self.merit, reverse=True)

    def merit(self, entry: Entry) -> float:
        """Return an entry's value, turned so that more is better; the least there is where it is not defined."""
        value = -entry.value if less_is_better(self.metric) else entry.value
        return -math.inf if math.isnan(value) else value

    def judge(self, metric: str) -> None:
        """Judge by another metric of the same runs, and keep that."""
        for place, entry in enumerate(self.entries):
            found = [Run(Path(folder)).metrics for folder in entry.runs]
            if any(metric not in one for one in found):
                names = [name for name in found[0] if name.startswith("test/")]
                raise ZooError(
                    f"--metric {metric!r} is not known to {entry.model}{near(metric, names)}: {', '.join(names)}"
                )
            self.entries[place] = replace(entry, values=tuple(defined(one[metric]) for one in found))
        self.metric = metric
        self.save()

    def write(self, name: str, budget: str) -> None:
        """Write what was measured beside the card of each model that took part, under the name of this comparison."""
        command = f"zoo compare-models {' '.join(self.words)} --budget {budget}"
        for entry in (one for one in self.finished() if not math.isnan(one.value)):
            runs = [Run(Path(folder)) for folder in entry.runs]
            results = [Result(run.metrics["seed"], run, run.metrics["seconds"]) for run in runs]
            measurements.write(zoo.card(entry.model), measured(name, results, self.metric), command)

    def best_by_cost(self, cost: str) -> list[Entry]:
        """Return the frontier: the entries that no other beats at the same or a lower `cost`; the cheapest first."""
        points = [(getattr(entry, cost), self.merit(entry)) for entry in self.finished()]
        kept = frontier(points)
        return [next(e for e in self.finished() if (getattr(e, cost), self.merit(e)) == point) for point in kept]

    def enter(self, name: str, words: Sequence[str]) -> Entry:
        """Train and measure what `words` compose, and keep its entry; one that fails is kept with the reason."""
        try:
            entry = self.compete(name, words)
        except ZooError as error:
            entry = Entry(name, failure=str(error))
        except Exception as error:  # noqa: BLE001  # one broken model does not end hours of others; its reason is kept
            traceback.print_exc()
            entry = Entry(name, failure=f"{type(error).__name__}: {error}")
        beside = Contest.load(self.folder).entries  # another process may take part with other models
        self.entries = [e for e in beside if e.model != name] + [entry]
        self.save()
        return entry

    def compete(self, name: str, words: Sequence[str]) -> Entry:
        """Train under each seed, within the budget if there is one, and measure the last run."""
        plan_ = plan(words, self.budget) if self.budget else None
        planned = plan_.words() if plan_ else []
        runs = [self.train(name, [*words, *planned, f"seed={seed}"], seed) for seed in range(self.seeds)]
        self.metric, self.hardware = self.metric or headline(runs[0]), runs[0].metrics["hardware"]
        cost = json.loads(said_by(["-m", "tools.bench.latency", str(runs[-1].folder)]))
        values = [run.metrics[self.metric] for run in runs]
        return Entry(
            name,
            tuple(map(defined, values)),
            **cost,
            size=(runs[-1].folder / WEIGHTS).stat().st_size,
            parameters=parameters(runs[-1]),
            training=statistics.median(run.metrics["seconds"] for run in runs),
            runs=tuple(str(run.folder) for run in runs),
        )

    def train(self, name: str, words: Sequence[str], seed: int) -> Run:
        """Train once, in a process of its own; what an interrupted contest has finished is kept, what not begins anew."""
        folder = self.folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}-seed{seed}"  # what Hydra reads as one value
        run = Run(folder)
        if run.finished:
            return run
        if folder.exists():
            shutil.rmtree(folder)
        said_by([*PROGRAM, *words, f"run={folder}"], heard=False)
        return Run(folder)


def defined(value: float | None) -> float:
    """Return a metric as it is in a file, where one that is not defined has no value."""
    return float("nan") if value is None else value


def accepted(words: Sequence[str], model: str) -> list[str]:
    """Return the words without those for options (`model.…=`) that this model's card does not have."""
    options = zoo.card(model).options
    return [w for w in words if not w.startswith("model.") or w[6:].partition("=")[0] in (*options, "pretrained")]


def parameters(run: Run) -> int:
    """Return the number of parameters and buffers in the weights of a run."""
    from math import prod

    from safetensors import safe_open

    with safe_open(run.folder / WEIGHTS, "pt") as file:
        return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118  # not a mapping


def same(a: Contest, words: Sequence[str], budget: float, seeds: int) -> bool:
    """Tell whether a contest was asked the same."""
    return (a.words, a.budget, a.seeds) == (list(words), budget, seeds)


def told(entry: Entry) -> Mapping[str, Any]:
    """Return an entry for JSON."""
    return {**asdict(entry), **({} if entry.failure else {"value": entry.value})}
