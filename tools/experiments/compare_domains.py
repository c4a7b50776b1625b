"""`zoo compare-domains`: the same line of one model, trained on several domains; one picture and one table of what came of it.

The network knows nothing of streets, rock or weather: only the bands, the classes and the pixels differ.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from configuration.groups import data_for
from tools.experiments.compare_models import hold
from tools.experiments.contest import RESULTS, Contest, Entry
from tools.terminal.columns import terminal
from zoo import quantities
from zoo.errors import ZooError, counted, near
from zoo.files import atomic_write
from zoo.files.paths import RUNS
from zoo.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

    from tasks.plots.segmentation import Layer, SceneView

DOMAINS = "satellite,seismic,weather,scenes"
PICTURE = "domains.png"
#: The longest side of a part that is drawn, pixels: in a larger one nothing of a road or a house is seen on a slide.
SIDE = 320


class Shown(NamedTuple):
    """A part of a test scene as it is drawn: picture (H, W, 3) uint8, truth and prediction (H, W) uint8, and the classes."""

    picture: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    classes: tuple[str, ...]


def command(
    words: Annotated[list[str], typer.Argument(help="model=… and settings for every domain, as for train.py")],
    domains: Annotated[str, typer.Option(help="data for segmentation, with commas between them")] = DOMAINS,
    budget: Annotated[str, typer.Option(help="training time of each, as 2m; validation and test are outside")] = "2m",
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds: 0, 1, …")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="folder of the comparison; an unfinished one is gone on with")
    ] = None,
) -> None:
    """Train one model on each domain under the same budget, and draw input, truth and prediction of each.

    Example: `zoo compare-domains model=segnet_basic --domains satellite,seismic,weather,scenes --budget 2m`
    """
    names = known([name for name in domains.split(",") if name])
    refuse_words(words)
    every = ["task=segmentation", *words]
    model = next(word for word in words if word.startswith("model=")).partition("=")[2]
    kept = RUNS / f"domains-{model.replace('/', '_')}"
    lines = {name: ["task=segmentation", f"data={name}", *words] for name in names}
    console = Console(width=terminal() or 160, highlight=False)
    contest = hold(every, lines, quantities.parse_duration("--budget", budget), seeds, out, kept, console)
    folder = contest.folder
    entries = ordered(contest, names)
    if not entries:
        raise ZooError(f"no domain could be trained; the reasons are above and in {folder / RESULTS}")
    tell(entries, console)
    console.print(f"picture   {draw(contest, entries, folder / PICTURE)}", soft_wrap=True)
    if len(entries) < len(names):
        raise ZooError(f"some domains could not be trained; the reasons are above and in {folder / RESULTS}")


def known(names: Sequence[str]) -> list[str]:
    """Return the domains, each once, where there is such data for segmentation."""
    there = data_for("segmentation")
    for name in names:
        if name not in there:
            raise ZooError(
                f"--domains {name} is no data for segmentation{near(name, there)}; there are {', '.join(there)}"
            )
    if not names:
        raise ZooError(f"--domains names none; there are {', '.join(there)}")
    return list(dict.fromkeys(names))


def refuse_words(words: Sequence[str]) -> None:
    """Refuse words without a model, and words that say what the domains are."""
    if not any(word.startswith("model=") for word in words):
        raise ZooError("model=… is missing, as in: zoo compare-domains model=segnet_basic")
    for word in words:
        if word.startswith(("data=", "task=", "recipes=")):
            raise ZooError(f"{word} is settled by --domains; the words are a model and settings for every domain")


def ordered(contest: Contest, names: Sequence[str]) -> list[Entry]:
    """Return the finished entries in the order of the domains."""
    return sorted((e for e in contest.finished() if e.model in names), key=lambda entry: names.index(entry.model))


def tell(entries: Sequence[Entry], console: Console) -> None:
    """Print a row a domain: bands, classes, IoU of the foreground, IoU of each class of the last seed, seconds."""
    table = Table(box=None)
    for name in ("domain", "bands", "IoU", "of each class", "parameters", "whole run"):
        table.add_column(name, justify="left" if name in ("domain", "of each class") else "right")
    for entry in entries:
        run = Run(Path(entry.runs[-1]))
        classes = {key.removeprefix("test/iou/"): v for key, v in run.metrics.items() if key.startswith("test/iou/")}
        each = ", ".join(f"{name} {value:.2f}" for name, value in classes.items())
        spread = f" ({min(entry.values):.3f}–{max(entry.values):.3f})" if len(entry.values) > 1 else ""
        bands = str(len(run.head()["bands"]))
        seconds = quantities.duration(entry.training)
        table.add_row(
            entry.model, bands, f"{entry.value:.3f}{spread}", each, quantities.count(entry.parameters), seconds
        )
    console.print(table)


def shown(contest: Contest, entry: Entry) -> Shown:
    """Return the part to draw of a domain's test, from the folder of the comparison where it was made before."""
    path = contest.folder / f"{entry.model}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            return Shown(kept["picture"], kept["truth"], kept["predicted"], tuple(kept["classes"].tolist()))
    found = telling(Run(Path(entry.runs[-1])))
    with atomic_write(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **found._replace(classes=np.array(found.classes))._asdict())  # type: ignore[arg-type]
    return found


def telling(run: Run) -> Shown:
    """Test a run and return the part of its test scenes that shows most: most classes, then most foreground."""
    from tasks.plots.segmentation import pieces, view_of
    from tools.predict.evaluate import tested
    from zoo.segmentation import IGNORED, foreground_of

    task, data, _ = tested(run, [])
    foreground = foreground_of(data.classes)

    def merit(part: "SceneView") -> tuple[int, float]:
        return len(set(np.unique(part.truth)) - {IGNORED}), float(np.isin(part.truth, foreground).mean())

    parts = []
    for result in task.results:  # type: ignore[union-attr]
        scene = view_of(result, data)
        height, width = scene.truth.shape
        for window in itertools.product(pieces(height, SIDE), pieces(width, SIDE)):
            parts.append(
                scene._replace(**{name: getattr(scene, name)[window] for name in ("picture", "truth", "predicted")})
            )
    best = max(parts, key=merit)
    return Shown(best.picture, best.truth, best.predicted, tuple(data.classes))


def draw(contest: Contest, entries: Sequence[Entry], path: Path) -> Path:
    """Draw a row a domain: input, truth, prediction, with the IoU over the whole test."""
    from matplotlib.figure import Figure

    from tasks.plots import save
    from tasks.plots.segmentation import class_layers, paint
    from zoo.segmentation import foreground_of

    figure = Figure(figsize=(11, 3.3 * len(entries) + 0.5), layout="constrained")
    for row, entry in zip(np.ravel(figure.subfigures(len(entries), 1, squeeze=False)), entries, strict=True):
        part = shown(contest, entry)
        foreground = foreground_of(part.classes)
        layers = [class_layers(mask, part.classes, foreground) for mask in (part.truth, part.predicted)]
        bands = len(Run(Path(entry.runs[-1])).head()["bands"])
        titles = (f"{entry.model}, {counted(bands, 'band')}", "truth", f"prediction, IoU {entry.value:.2f}")
        for axes, title, those in zip(row.subplots(1, 3), titles, ([], *layers), strict=True):
            paint(axes, part.picture, those)
            axes.set_title(title, fontsize=10)
        explain(row, layers[0])
    asked = next(word for word in contest.words if word.startswith("model="))  # all words make a line as wide as a wall
    figure.suptitle(f"{asked}: the same line on each, {quantities.duration(contest.budget)} of training", fontsize=11)
    return save(figure, path)


def explain(row: "SubFigure", layers: "Sequence[Layer]") -> None:
    """Explain the colours of a row at its right."""
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=label) for label, _, colour in layers]
    row.legend(handles=handles, loc="outside right center", frameon=False, fontsize=8)
