"""`zoo predict RUN IMAGES`: find objects, or the class of every pixel, in new images of any size."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tools.flat import flat
from tools.predict.options import Options
from zoo.errors import ZooError
from zoo.runs import Run


@flat
def command(
    run: Annotated[str, typer.Argument(help="a run: its folder, or the end of its name")],
    images: Annotated[Path, typer.Argument(help="a scene of any size, or a folder of images")],
    options: Options,
) -> None:
    """Predict new images with the weights of a run: a scene of any size into a file, or images into a folder.

    Objects come with coordinates in the scene's reference system. A prediction that was cut off goes on where it was when
    the command is repeated.

    Examples: `zoo predict RUN scene.tif --out found.geojson` (or .gpkg, .csv) for objects,
    `zoo predict RUN scene.tif --out classes.tif --polygons buildings.gpkg` for masks, and
    `zoo predict RUN my_images --out found` for a folder.
    """
    from tools.predict import folder, masks, scene
    from tools.predict.network import Network

    found = Run.find(run)
    console = Console(highlight=False, soft_wrap=True)
    network = Network(found, options.views)
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
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def progress(console: Console) -> Progress:
    """Return a bar with what is done, since when, and how long it will take."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)
