"""`zoo bench scene`: what the prediction of a large scene costs beside its network, in time and memory, and its seams."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from recipes.inference.work import Work
from tools.terminal.options import expand_options
from zoo.inference.answers import Detections, Mask
from zoo.runs.run import Run


@dataclass(frozen=True)
class SceneOptions:
    """What `zoo bench scene` measures, and how."""

    run: Annotated[str | None, typer.Option(help="a run; default: untrained weights of the task's model")] = None
    task: Annotated[str, typer.Option(help="without --run: of scenes, such as segmentation")] = "detection"
    scene: Annotated[Path | None, typer.Option(help="a scene; default: one is made")] = None
    size: Annotated[int, typer.Option(min=512, help="pixels of the side of the scene that is made")] = 10_000
    bands: Annotated[int, typer.Option(min=1, help="without --run: bands of the scene that is made")] = 4
    overlap: Annotated[int | None, typer.Option(help="pixels that tiles share; default: as zoo predict")] = None
    rounds: Annotated[int, typer.Option(min=1, help="strips on which the ways take their turns")] = 5
    tiles: Annotated[int, typer.Option(min=1, help="tiles of a strip, about")] = 40
    sahi: Annotated[bool, typer.Option(help="SAHI on the same network and tiles too")] = False
    memory: Annotated[
        bool, typer.Option(help="the peak memory of whole scenes, of 2,000 px and of the size asked for")
    ] = True
    seams: Annotated[bool, typer.Option(help="with --run: recall at seams, or the error of probabilities there")] = True
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False


@expand_options
def command(options: SceneOptions) -> None:
    """Measure tiles a second of zoo predict against the bare network, peak memory above the model, and what seams do.

    Example: `zoo bench scene --size 10000 --bands 4 --sahi`; with what a run has learnt: `zoo bench scene --run RUN`.
    """
    with tempfile.TemporaryDirectory(prefix="zoo_bench_scene_") as folder:
        figures = measure(options, Path(folder))
    if options.json_:
        print(json.dumps(figures, indent=2))
        return
    table = Table(box=None, show_header=False)
    for name, value in figures.items():
        for line, text in enumerate(lines(value)):
            table.add_row("" if line else name, text)
    Console().print(table)


def lines(value: Any) -> list[str]:
    """Return a figure as lines for people."""
    if isinstance(value, list):
        return [", ".join(f"{key} {shown(part)}" for key, part in entry.items()) for entry in value]
    if isinstance(value, dict):
        return [f"{key} {shown(part)}" for key, part in value.items()]
    return [shown(value)]


def shown(value: Any) -> str:
    """Return a number in few digits, or whatever it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def measure(options: SceneOptions, folder: Path) -> dict[str, Any]:
    """Return the figures by name."""
    from tools.bench import made
    from tools.bench.scene import memory, sliced, speed
    from zoo.inference.load import predictor_of
    from zoo.inference.opened import of_run

    run = run_of(options, folder)
    predictor: Any = predictor_of(of_run(run))
    values = predictor.metadata.value_range
    path = options.scene or made.scene(folder / "scene.tif", options.size, predictor.bands, values)
    work = predictor.prepare(path, overlap=options.overlap)
    at_seams = seams_of(run, predictor, work) if options.seams and options.run else None
    figures: dict[str, Any] = {
        "run": f"{run.folder.name if options.run else 'untrained'} ({predictor.metadata.task}), "
        f"{predictor.engine.hardware.why}",
        "scene": f"{work.source.scene.width} × {work.source.scene.height} × {len(predictor.bands)}, {len(work.tiles)} tiles "
        f"of {work.size} px, overlap {work.overlap}, batch {work.batch}",
    }
    ways: dict[str, Callable[[Work], None]] = {"predict": speed.way(predictor)}
    if options.sahi and predictor.gives is Detections:
        ways["sahi"] = sliced.way(predictor, 0.3)
    figures["tiles a second"] = speed.measure(predictor, work, options.rounds, options.tiles, ways).facts()
    if options.memory:
        small = made.scene(folder / "small.tif", min(2000, options.size), predictor.bands, values)
        figures["memory"] = [
            in_megabytes(memory.measure(run.folder, scene, work.overlap), scene) for scene in (small, path)
        ]
    if at_seams:
        figures["seams"] = at_seams()
    return figures


def run_of(options: SceneOptions, folder: Path) -> Run:
    """Return the run that is asked for, else one of untrained weights, written into the folder."""
    from tools.bench import made

    return Run.find(options.run) if options.run else made.run(folder / "run", options.task, options.bands)


def in_megabytes(taken: dict[str, Any], scene: Path) -> dict[str, Any]:
    """Return what a prediction took, with memory in MB."""
    return {"scene": scene.stem, **taken, **{key: round(taken[key] / 1e6) for key in ("above", "model")}}


def seams_of(run: Run, predictor: Any, work: Work) -> Callable[[], list[dict[str, Any]]]:
    """Return what measures what seams do to what the run has learnt; a scene too small for it is refused at once.

    Of a segmentation, the error at three overlaps; of a detector, recall at its tiles and at smaller ones, with more seams.
    """
    from tools.bench.scene import seams

    size = work.size
    if predictor.gives is Mask:
        overlaps = sorted({work.overlap, size // 8, size // 4})
        seams.refuse_small(work.source, size, min(overlaps))
        return lambda: seams.errors(predictor, work.source, size, overlaps)
    sizes = sorted({size, size // 2})
    return lambda: [seams.recall(run, predictor, tile, min(work.overlap, tile // 2)) for tile in sizes]
