"""`zoo bench compression`: approaches to fewer bytes side by side, of several networks, each tested from what is stored.

The table of Han 2016 (https://arxiv.org/abs/1510.00149) and Iandola 2016 (https://arxiv.org/abs/1602.07360): approach, bits a
weight, bytes, how many times less than the first network as it was trained, and the metrics of the test.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.terminal.columns import table
from zoo.errors import ZooError
from zoo.files import atomic_write, ensure_dir, refuse_existing
from zoo.runs.run import WEIGHTS, Run

if TYPE_CHECKING:
    from tools.compress.deep import Small

#: Bits of the codebooks, from the most careful on.
BITS = (8, 7, 6, 5)
#: Metrics that are shown beside the headline where a task has them.
BESIDE = "test/top5"
AS_TRAINED = "as trained"


@dataclass(frozen=True)
class Row:
    """One network by one approach: bits a weight, bytes of what is stored, and the metrics of the test."""

    network: str
    approach: str
    bits: int
    bytes: int
    metrics: Mapping[str, float]


def command(
    runs: Annotated[
        list[str], typer.Argument(help="runs of one data set; the first is what the others are held against")
    ],
    sparsity: Annotated[float, typer.Option(min=0.01, max=0.99, help="share of the weights that pruning takes")] = 0.7,
    energy: Annotated[
        float, typer.Option(min=0.01, max=1, help="share of squared singular values that SVD keeps")
    ] = 0.9,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="of training after each change; default: a quarter of the run's")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="a Markdown file for the table")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the rows as JSON")] = False,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> None:
    """Store networks by low rank, by pruning, and by Deep Compression with 8 to 5 bits, and test each on the run's test data.

    Each is trained a little after it was changed, on the run's own training data; the test decides nothing.

    Example: `zoo bench compression RUN_OF_ALEXNET RUN_OF_SQUEEZENET RUN_OF_GOOGLENET --out compression.md`
    """
    if out is not None:
        refuse_existing(out, force)
        ensure_dir(out.parent)
    found = [Run.find(run) for run in runs]
    refuse_others(found)
    with tempfile.TemporaryDirectory(prefix="zoo_compression_") as folder:
        rows = [row for run in found for row in stored(run, sparsity, energy, epochs, folder)]
    lines = list(lay_out(rows, headline(found[0])))
    print(json.dumps([asdict(row) for row in rows], indent=2) if json_ else table(lines[0], lines[1:], lines[0][2:]))
    if out is not None:
        with atomic_write(out) as part:
            part.write_text(as_markdown(lines), encoding="utf-8")


def headline(run: Run) -> str:
    """Return the metric that a run is judged by."""
    return str(run.metrics["headline"])


def refuse_others(runs: Sequence[Run]) -> None:
    """Refuse runs that were tested on other data or by another metric: their figures stand in no one table."""
    tested = {(run.config["data"]["name"], headline(run)) for run in runs}
    if len(tested) > 1:
        said = "; ".join(f"data={data}, {metric}" for data, metric in sorted(tested))
        raise ZooError(f"these runs are of different data or metrics ({said}); a table holds runs of one data set")


def stored(run: Run, sparsity: float, energy: float, epochs: int | None, folder: str) -> Iterator[Row]:
    """Yield a run's network as it was trained, and by each approach."""
    from tools.compress.deep import Small
    from tools.compress.evidence import Evidence
    from tools.compress.verdict import Limits

    training = Small(Evidence(run, Limits()), epochs, Path(folder))
    name, shown = str(run.head()["model"]), (headline(run), BESIDE)
    trained = {metric: float(run.metrics[metric]) for metric in shown if metric in run.metrics}
    yield Row(name, AS_TRAINED, 32, (run.folder / WEIGHTS).stat().st_size, trained)
    for approach, bits, size, metrics in (*thin(training, energy), *shared(training, sparsity)):
        yield Row(name, approach, bits, size, {metric: metrics[metric] for metric in shown if metric in metrics})


def thin(training: "Small", energy: float) -> Iterator[tuple[str, int, int, Mapping[str, float]]]:
    """Yield the network with layers of low rank, if that saves any weight."""
    from tools.predict.evaluate import tested_as
    from zoo.compression.low_rank import factorise, ranks_of

    model = training.run.load_model()
    ranks = ranks_of(model, energy)
    if not ranks:
        return
    factorise(model, ranks)
    further = training.training
    further.fit(further.task(model.train()), further.epochs)
    size = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    opened = replace(training.evidence.opened, build=lambda **changed: model.eval())
    yield f"SVD, {energy:.0%} of the energy", 32, size, tested_as(opened, [])[2]


def shared(training: "Small", sparsity: float) -> Iterator[tuple[str, int, int, Mapping[str, float]]]:
    """Yield the network pruned, and with what is left sharing few values, each as its file is."""
    from tools.compress.deep import Strength
    from tools.predict.evaluate import tested_as
    from zoo.compression import coded_file
    from zoo.inference.coded import of_coded, parts_of

    for bits in BITS:
        task, sharing = training.train(Strength(sparsity, bits), {})
        state: dict[str, Any] = {**task.model.state_dict(), **sharing.shared(task)}
        coded_file.write(training.path, state, parts_of(training.run, {}))
        metrics = tested_as(of_coded(training.path), [])[2]
        yield f"Deep Compression, {sparsity:.0%} pruned", bits, training.path.stat().st_size, metrics


def lay_out(rows: Sequence[Row], metric: str) -> Iterator[list[str]]:
    """Yield the head of the table, then its lines."""
    beside = [BESIDE] if any(BESIDE in row.metrics for row in rows) else []
    yield ["network", "approach", "bits", "bytes", "smaller", "than the first", *(metric, *beside), "change"]
    own: Row = rows[0]
    for row in rows:
        own = row if row.approach == AS_TRAINED else own
        figures = [f"{row.metrics[name]:.4f}" if name in row.metrics else "" for name in (metric, *beside)]
        change = f"{row.metrics[metric] - own.metrics[metric]:+.4f}" if row is not own else ""
        ratios = [f"{one.bytes / row.bytes:.1f}×" for one in (own, rows[0])]
        yield [row.network, row.approach, str(row.bits), f"{row.bytes:,}", *ratios, *figures, change]


def as_markdown(lines: Sequence[Sequence[str]]) -> str:
    """Return the table in Markdown."""
    head, *body = lines
    rule = ["---", "---", *["---:"] * (len(head) - 2)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *body)) + "\n"
