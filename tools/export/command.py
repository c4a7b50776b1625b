"""`zoo export RUN --out model.xml`: a trained model for OpenVINO, ONNX or PyTorch, proven to say what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from zoo.errors import ZooError, counted

if TYPE_CHECKING:
    from zoo.inference.opened import Opened

#: Settings of data that say the side of what a model sees, whole images scaled to it or tiles; the first that is there counts.
SIDES = ("size", "tile")


def command(
    run: Annotated[
        str, typer.Argument(help="a run: its folder, or the end of its name; or a model with whole weights")
    ],
    out: Annotated[Path, typer.Option(help="the file: .xml (OpenVINO, with a .bin beside it), .onnx or .pt2")],
    samples: Annotated[int, typer.Option(help="samples of the test data on which the export is compared too")] = 8,
    size: Annotated[
        int | None, typer.Option(help="side of the images, of models that take one size; default: the run's tile")
    ] = None,
    views: Annotated[
        int | None, typer.Option(help="symmetries that are averaged within the file, where the model does so")
    ] = None,
    force: Annotated[bool, typer.Option(help="replace an export that is there")] = False,
) -> None:
    """Export a trained model with all that belongs to it inside: normalisation, front end, decoding and suppression.

    The file says of itself what it is, and is opened like the run: `zoo predict ships.xml scene.tif`. It is compared with
    the trained model on random images or sequences and on the run's test data; where they disagree, nothing is kept.

    Examples: `zoo export RUN --out ships.xml` for OpenVINO, `zoo export RUN --out words.onnx` for ONNX.
    """
    from zoo.inference.exported import export
    from zoo.inference.load import opened_as

    if samples < 0:
        raise ZooError(f"--samples {samples} must be 0 or more")
    console = Console(highlight=False, soft_wrap=True)
    opened = changed(opened_as(run), size, views)
    batches, said = real_batches(opened, samples)
    for line in (said, *export(opened, out, batches, force)):
        console.print(line, markup=False)


def changed(opened: "Opened", size: int | None, views: int | None) -> "Opened":
    """Return what was opened for images of another size, or for other views."""
    if size is not None:
        known = next((name for name in SIDES if opened.data.get(name)), None)
        if size < 1 or known is None:
            raise ZooError(f"--size {size} has no say in the export of {opened.source}, or is no size")
        opened = replace(opened, data={**opened.data, known: size})
    if views is not None:
        if "views" not in opened.options:
            raise ZooError(f"--views {views} has no say in the export of {opened.source}, which averages none")
        build = opened.build
        opened = replace(
            opened, options={**opened.options, "views": views}, build=lambda **more: build(**{"views": views, **more})
        )
    return opened


def real_batches(opened: "Opened", count: int) -> tuple[list[Mapping[str, Any]], str]:
    """Return `count` samples of a run's test data, in batches, and in words where they are from or why there are none."""
    if not count:
        return [], "compared on random inputs alone"
    if not opened.config:
        return [], f"compared on random inputs: {opened.source} has no data of its own"
    try:
        batches = list(tested(opened, count))
    except (ZooError, OSError) as error:
        reason = str(error).splitlines()[0]
        return [], f"compared on random inputs, as the run's test data cannot be had ({reason})"
    return batches, f"compared on random inputs and on {counted(count, 'sample')} of the run's test data"


def tested(opened: "Opened", count: int) -> Iterator[Mapping[str, Any]]:
    """Yield batches of a run's test data that hold `count` samples."""
    from configuration.composition import recompose
    from tools.predict.evaluate import data_to_test

    settings = [f"data.batch_size={max(1, count // 2)}", "trainer.workers=0"]
    settings += (
        ["data.padding=tile"] if "padding" in opened.data else []
    )  # a graph of one size sees small images so too
    loader = data_to_test(opened, recompose(dict(opened.config), settings)).test_dataloader()
    for _, batch in zip(range(2), loader, strict=False):
        yield batch
