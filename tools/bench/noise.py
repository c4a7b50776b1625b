"""`zoo bench noise`: how well runs hear through noise, from clean to 0 dB, in a table and a picture."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from zoo.errors import ZooError
from zoo.runs.run import Run

if TYPE_CHECKING:
    from torch.utils.data import Dataset

#: Signal-to-noise ratios, dB, and the seed of the noise: the same noise for every run.
LEVELS = (20.0, 10.0, 5.0, 0.0)
SEED = 20


@dataclass(frozen=True)
class NoiseResult:
    """A run's headline metric by level: `clean`, then the ratios in dB."""

    run: str
    augment: str
    metric: str
    values: dict[str, float]


def command(
    runs: Annotated[list[str], typer.Argument(help="runs on recordings: their folders, or the ends of their names")],
    kind: Annotated[str, typer.Option(help="car, babble, wind, hum; or own, with --folder")] = "car",
    folder: Annotated[str | None, typer.Option(help="recordings of noise of your own")] = None,
    out: Annotated[Path, typer.Option(help="the picture")] = Path("noise.png"),
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Test runs on their own test recordings with noise over each, at 20, 10, 5 and 0 dB.

    Example: `zoo bench noise RUN_TRAINED_CLEAN RUN_TRAINED_WITH_OVERLAY --kind car`
    """
    found = [hear(Run.find(run), kind, folder) for run in runs]
    draw(out, found, kind)
    if json_:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    table = Table(box=None, title=f"{kind} noise, {found[0].metric}", title_justify="left")
    for name in ("run", "augment", *found[0].values):
        table.add_column(name, justify="left" if name in ("run", "augment") else "right", overflow="fold")
    for one in found:
        table.add_row(one.run, one.augment, *(f"{value:.3f}" for value in one.values.values()))
    Console().print(table)
    print(f"picture  {out}")


def hear(run: Run, kind: str, folder: str | None) -> NoiseResult:
    """Test a run at every level."""
    from configuration.composition import recompose
    from configuration.instantiation import data_of, task_of
    from recipes.speech.noise import Overlay
    from tasks.trainer import HARDWARE
    from zoo import hardware

    cfg = recompose(run.config, [])
    chosen = hardware.choose(**{key: cfg.trainer[key] for key in HARDWARE})
    hardware.apply(chosen)
    data: Any = data_of(cfg)
    data.prepare_data()
    data.setup("test")
    if not hasattr(data, "waveforms"):
        raise ZooError(f"run {run.folder} is on data={cfg.data.name}, which are no recordings; noise is for recordings")
    task: Any = task_of(cfg, run.load_model(), data.classes, chosen.channels_last)
    rate = int(cfg.data.sample_rate or data.profile().sample_rate)
    values = {"clean": score_on(task, data, chosen, data.dataset("test"))}
    for level in LEVELS:
        overlay = Overlay(rate, [kind], level, level, 1.0, folder, "test")
        values[f"{level:g} dB"] = score_on(task, data, chosen, with_noise(data.dataset("test"), overlay))
    changes = [change["_target_"].rpartition(".")[2] for change in run.config["augment"].get("transforms", [])]
    return NoiseResult(str(run.folder), ", ".join(changes) or "none", f"test/{task.monitor.name}", values)


def with_noise(dataset: "Dataset", overlay: Any) -> "Dataset":
    """Return the samples of a data set with noise over each, which depends on its place alone."""
    from torch.utils.data import Dataset

    from recipes.kit.sampler import generator

    class NoisyDataset(Dataset):
        """Samples with noise."""

        def __len__(self) -> int:
            return len(dataset)  # type: ignore[arg-type]

        def __getitem__(self, index: int) -> dict[str, Any]:
            sample = dataset[index]
            return {**sample, "wave": overlay(sample["wave"], generator(SEED, index))}

    return NoisyDataset()


def score_on(task: Any, data: Any, chosen: Any, dataset: "Dataset") -> float:
    """Return the headline metric over a data set."""
    from torch.utils.data import DataLoader

    from tasks.trainer import make_trainer

    loader: DataLoader = DataLoader(dataset, data.loading.batch_size, collate_fn=data.collate)
    return float(make_trainer(chosen).test(task, dataloaders=loader, verbose=False)[0][f"test/{task.monitor.name}"])


def draw(path: Path, found: Sequence[NoiseResult], kind: str) -> None:
    """Draw the metric over the ratio, a line a run."""
    from matplotlib.figure import Figure

    from tasks.plots import LINES, save

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for index, one in enumerate(found):
        label = f"{Path(one.run).name} ({one.augment})"[:80]
        axes.plot(list(one.values), list(one.values.values()), "o-", color=LINES[index % len(LINES)], label=label)
    top = 1.02 * max(1.0, *(value for one in found for value in one.values.values()))  # error rates may be above 1
    axes.set(xlabel=f"signal-to-noise ratio, {kind} noise", ylabel=found[0].metric, ylim=(0, top))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize=8)
    save(figure, path)
