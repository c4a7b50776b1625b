"""`zoo predict RUN INPUTS`: what a run says of new images of any size, recordings, texts or series."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tools.predict.options import Options
from tools.terminal.flat import flat
from zoo.errors import ZooError
from zoo.runs.run import Run


@flat
def command(
    run: Annotated[str, typer.Argument(help="a run: its folder, or the end of its name")],
    inputs: Annotated[
        list[Path], typer.Argument(help="a scene of any size, or a folder of images; files or folders of sequences")
    ],
    options: Options,
) -> None:
    """Predict with the weights of a run: a scene of any size into a file, images into a folder, sequences into a table.

    Objects come with coordinates in the scene's reference system. A prediction that was cut off goes on where it was when
    the command is repeated.

    Examples: `zoo predict RUN scene.tif --out found.geojson` (or .gpkg, .csv) for objects,
    `zoo predict RUN scene.tif --out classes.tif --polygons buildings.gpkg` for masks, and
    `zoo predict RUN my_images --out found` for a folder.

    Recordings, texts, series and DNA are read as the run read its own: same rate, vocabulary, columns. A table has a line
    an input, or a step; a .jsonl an object an input. Labels and tags come with probabilities, forecasts as quantiles, what is
    unusual with its scores. Examples: `zoo predict RUN new.wav`, `zoo predict RUN recordings/ --out said.jsonl`,
    `zoo predict RUN plant.csv --out forecast.csv`.
    """
    from tools.predict import folder, masks, scene
    from tools.predict.network import Network

    found = Run.find(run)
    console = Console(highlight=False, soft_wrap=True)
    if found.config["task"]["name"] == "sequence":
        from tools.predict import sequences

        with progress(console) as bar:
            refused(sequences.predict(found, inputs, options, bar, console))
        return
    if len(inputs) > 1:
        raise ZooError(f"{len(inputs)} images are named, such as {inputs[1]}; name one scene, or a folder")
    images, network = inputs[0], Network(found, options.views)
    if options.out.suffix and not options.out.is_dir():
        if images.is_dir():
            raise ZooError(
                f"{images} is a folder, and --out {options.out} is a file for one scene; give --out a folder"
            )
        one = masks.predict if network.task == "segmentation" else scene.predict
        with progress(console) as bar:
            lines = one(network, images, options, bar, console)
        for line in lines:
            console.print(line)
        return
    with progress(console) as bar:
        line, failures = folder.predict(network, images, options, bar)
    console.print(line)
    refused(failures)


def refused(failures: Sequence[str]) -> None:
    """Say what failed, if anything did, and end with 1."""
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def progress(console: Console) -> Progress:
    """Return a bar with what is done, since when, and how long it will take."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)
