"""`zoo predict RUN INPUTS`: what a run says of new images of any size, recordings, texts or series."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tools.predict.options import Options
from tools.terminal.options import expand_options
from tools.terminal.progress import progress
from zoo.classification.answers import ImageLabel
from zoo.errors import ZooError, clean
from zoo.inference.answers import Answer, Detections, Mask
from zoo.inference.backends import answering
from zoo.inference.load import asked_of_model, opened_as, predictor_class
from zoo.pose.answers import Poses

#: What writes answers of a class; others go into a table.
WRITERS: Mapping[type[Answer], str] = {
    Detections: "tools.predict.objects",
    Mask: "tools.predict.masks",
    ImageLabel: "tools.predict.labels",
    Poses: "tools.predict.poses",
}
TABLES = "tools.predict.tables"


@expand_options
def command(
    run: Annotated[
        str,
        typer.Argument(
            help="a run: its folder, or the end of its name; an exported .xml or .onnx; a model with whole weights: silero_vad"
        ),
    ],
    inputs: Annotated[
        list[str], typer.Argument(help="a scene of any size, or a folder of images; files or folders of sequences")
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
    `zoo predict RUN plant.csv --out forecast.csv`, `zoo predict silero_vad meeting.wav`.
    """
    opened, paths = opened_as(run), paths_of(inputs)
    kind = predictor_class(opened)
    writer = writer_of(kind.gives)
    options.refuse_others(writer.TAKES, opened.source)
    console = Console(highlight=False, soft_wrap=True)
    chosen = {name: getattr(options, name) for name in kind.options}
    opened = answering(opened, options.backend, asked_of_model(chosen), partial(console.print, markup=False))
    for note in opened.notes:
        console.print(note, markup=False)
    predictor = kind(opened, **chosen)
    with progress(console) as bar:
        lines, failures = writer.predict(predictor, paths, options, bar, console)
    for line in lines:
        console.print(clean(line), markup=False)
    refused(failures)


def writer_of(gives: type[Answer]) -> Any:
    """Import what writes answers of a class."""
    return import_module(WRITERS.get(gives, TABLES))


def paths_of(inputs: Sequence[str]) -> list[Path]:
    """Return the inputs as paths; refused are one that is not there and an empty word, which would be the folder one is in."""
    for place, word in enumerate(inputs, 1):
        if not word.strip():
            raise ZooError(
                f"input {place} is {word!r}, an empty name; name a file or a folder ('.' is the one you are in)"
            )
    paths = [Path(word) for word in inputs]
    for path in paths:
        if not path.exists():
            raise ZooError(f"input {path} is not there")
    return paths


def refused(failures: Sequence[str]) -> None:
    """Say what failed, if anything did, and end with 1."""
    for failure in failures:
        print(clean(f"error: {failure}"), file=sys.stderr)
    if failures:
        raise typer.Exit(1)
