"""`zoo bench backends`: one tile answered by PyTorch and by the exported form of the same weights, in turns."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.bench import harness
from zoo.runs.run import Run

if TYPE_CHECKING:
    from zoo.inference.opened import Opened

#: On how many tiles the form in 8 bits is calibrated.
TILES = 4
EAGER = {"precision": "32-true", "channels_last": False}


def command(
    run: Annotated[
        str | None, typer.Argument(help="a run of images; default: untrained weights of the task's model")
    ] = None,
    task: Annotated[str, typer.Option(help="without a run: of scenes, such as segmentation")] = "detection",
    bands: Annotated[int, typer.Option(min=1, help="without a run: bands of the images")] = 3,
    rounds: Annotated[int, typer.Option(min=1, help="turns of each way")] = 9,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure one tile by PyTorch in float32, by PyTorch as `zoo predict` has it, and by OpenVINO in both precisions and int8.

    The export is made and proven first, as `zoo predict` does it; int8 needs task-zoo[compress], and is calibrated on made-up
    tiles, which is enough for its time alone: `zoo compress` says whether it answers well.

    Example: `zoo bench backends --task segmentation`.
    """
    from tools.bench import made

    with tempfile.TemporaryDirectory(prefix="zoo_bench_backends_") as folder:
        found = Run.find(run) if run else made.run(Path(folder) / "run", task, bands)
        timings = harness.take_turns(ways_of(found, Path(folder)), rounds)
    figures = {"task": str(found.config["task"]["name"]) if run else task, "ways": harness.facts(timings)}
    harness.report(figures, harness.lay_out(timings), json_)


def ways_of(run: Run, folder: Path) -> Mapping[str, harness.Way]:
    """Return the ways to answer one tile of a run, by name; a form in 8 bits is made in a folder, where nncf is there."""
    from zoo.inference.backends import answering
    from zoo.inference.opened import of_run

    trained = of_run(run)
    exported = answering(trained, "openvino")
    tried = {
        "PyTorch, float32": with_settings(trained, EAGER),
        "PyTorch, as zoo predict": trained,
        f"{exported.runtime}, float32": with_settings(exported, EAGER),
        f"{exported.runtime}, as zoo predict": exported,
    }
    if find_spec("nncf") is not None and exported.weights is not None:
        tried[f"{exported.runtime}, int8"] = in_8_bits(exported, folder / "int8.xml")
    return {name: way(opened) for name, opened in tried.items()}


def in_8_bits(exported: "Opened", out: Path) -> "Opened":
    """Return an export in 8 bits, calibrated on made-up tiles."""
    from tools.bench import made
    from zoo.compression.quantization import Scheme
    from zoo.exports.facts import Form
    from zoo.inference.compressed import OpenVinoForms
    from zoo.inference.exported import of_export

    assert exported.weights is not None
    forms, size = OpenVinoForms(exported.weights), int(exported.data["tile"])
    tiles = [(made.tiles(len(exported.bands), size, seed),) for seed in range(TILES)]
    form = Form(name="int8", precision="bf16-mixed" if forms.facts.low else "32-true")
    forms.write(form, out, forms.quantized(tiles, Scheme()))
    return of_export(out)


def with_settings(opened: "Opened", settings: Mapping[str, Any]) -> "Opened":
    """Return what was opened with other settings of the trainer."""
    return replace(opened, trainer={**opened.trainer, **settings})


def way(opened: "Opened") -> harness.Way:
    """Return what answers one tile, by the predictor of the task."""
    import torch

    from tools.bench import made
    from zoo.inference.load import predictor_of

    predictor = predictor_of(opened)
    images = torch.from_numpy(made.tiles(len(opened.bands), int(opened.data["tile"]), 0))
    return lambda: predictor.answer({"images": images})
