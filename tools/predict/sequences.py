"""Sequences into a table: recordings, texts, series, as the run read its own; what is said of each, by its objective."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from rich.console import Console
from rich.progress import Progress

from tools.predict.answers import Writer, target
from tools.predict.options import Options
from zoo.errors import ZooError, counted
from zoo.runs.run import Run

if TYPE_CHECKING:
    from recipes.kit.inference_sample import InferenceSample
    from tasks.sequence import Sequence as SequenceTask

#: Steps that a batch holds at most, padding and all, but for a sequence that is longer by itself: four minutes at 16 kHz.
STEPS = 4_000_000
#: Answers that are shown.
SHOWN = 20


class Placed(NamedTuple):
    """A new sequence, and where it stands: its file, and the place in it."""

    place: str
    new: "InferenceSample"


class Hearer:
    """A finished run on sequences: its data module, which reads new files as its own, and its task, which answers."""

    def __init__(self, run: Run, batch: int | None = None) -> None:
        from configuration.composition import recompose
        from configuration.instantiation import data_of, task_of
        from tasks.session import HARDWARE
        from zoo import hardware

        cfg, head = recompose(run.config, []), run.head()
        self.hardware = hardware.choose(**{key: cfg.trainer[key] for key in HARDWARE})
        hardware.apply(self.hardware)
        if "augment" in cfg.data:
            cfg.data.augment = None  # nothing is changed here, and the user's recordings of noise may be gone
        self.batch, self.bands = batch or int(cfg.data.batch_size), tuple(head["bands"])
        self.data: Any = data_of(cfg)
        self.data.restore(head.get("fitted", {}))
        self.task = cast("SequenceTask", task_of(cfg, run.load_model(), head["classes"], False).eval())
        self.task.restore(head.get("learnt", {}))
        self.objective = self.task.objective

    def read(self, paths: Iterable[Path], failures: list[str]) -> Iterator[Placed]:
        """Yield the sequences of files, of each all or none: what is wrong goes to `failures`, and the next one is read."""
        for path in paths:
            try:
                every = list(self.data.inference_samples(path))
                for one in every:
                    self.refuse_other(one, path)
            except ZooError as error:
                failures.append(str(error))
                continue
            yield from (Placed(f"{path}:{one.place}" if one.place else str(path), one) for one in every)

    def refuse_other(self, one: "InferenceSample", path: Path) -> None:
        """Refuse a sequence with another number of features than the run's."""
        if one.inputs.shape[1] != len(self.bands):
            names = ", ".join(self.bands[:8])
            raise ZooError(f"{path} has {one.inputs.shape[1]} features, and the run reads {len(self.bands)}: {names}")

    def answers(self, placed: Iterator[Placed]) -> Iterator[dict[str, Any]]:
        """Yield what is said of each sequence, beside where it stands."""
        for group in batches(placed, self.batch):
            for one, answer in zip(group, self.respond([one.new for one in group]), strict=True):
                source = {"source": one.new.source} if one.new.source else {}
                yield {"input": one.place, **source, **answer}

    def respond(self, group: Sequence["InferenceSample"]) -> list[dict[str, Any]]:
        """Return the answers to a batch."""
        import torch

        from recipes.kit.inference_sample import collate

        low = self.hardware.precision == "bf16-mixed"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16) if low else nullcontext():
            return self.task.answers(collate(group, self.bands))


def batches(placed: Iterator[Placed], most: int) -> Iterator[list[Placed]]:
    """Yield sequences in their order, `most` at a time, fewer where they are long."""
    group: list[Placed] = []
    for one in placed:
        longest = max(len(other.new.inputs) for other in (*group, one))
        if group and (len(group) == most or longest * (len(group) + 1) > STEPS):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def predict(run: Run, inputs: Sequence[Path], options: Options, bar: Progress, console: Console) -> list[str]:
    """Answer every input into the table `options.out`, show the first answers, and return what failed."""
    options.refuse_of_images()
    hearer, failures, count = Hearer(run, options.batch), list[str](), 0
    if "learnt" not in run.head():
        console.print("the run keeps no thresholds and no n-gram, as runs before 0.2.0: answers come without them")
    paths, out = files_of(inputs, hearer.data.endings), target(options.out, options.force)
    placed = hearer.read(bar.track(paths, description="answering"), failures)
    with Writer(out, hearer.objective.lines) as writer:
        for answer in hearer.answers(placed):
            writer.add(answer)
            if count < SHOWN:
                console.print(f"{answer['input']}  {hearer.objective.summary(answer)}", markup=False)
            count += 1
        if not count:
            raise ZooError(failures[0])
    more = f", of which the first {SHOWN} are shown" if count > SHOWN else ""
    console.print(f"{counted(count, 'answer')}{more}: {out}")
    return failures


def files_of(inputs: Sequence[Path], endings: frozenset[str]) -> list[Path]:
    """Return the files that are named, and of folders all that the run can read."""
    found: list[Path] = []
    for path in inputs:
        if not path.exists():
            raise ZooError(f"input {path} is not there")
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in endings) if path.is_dir() else [path]
        if not inside:
            raise ZooError(f"folder {path} holds nothing that the run reads; looked for {', '.join(sorted(endings))}")
        found += inside
    return found
