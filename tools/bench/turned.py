"""`zoo bench turned RUN`: how well a detector finds what it finds, when the same scenes are turned by any angle."""

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from zoo.errors import ZooError
from zoo.runs.run import Run

if TYPE_CHECKING:
    from recipes.imagery.images import Values
    from recipes.imagery.scene import Scene

ANGLES = "0,15,30,45,60,90,135,180"


def command(
    run: Annotated[str, typer.Argument(help="a run of detection: its folder, or the end of its name")],
    angles: Annotated[str, typer.Option(help="degrees counter-clockwise, with commas between them")] = ANGLES,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Test a run on its own test scenes, turned. Every angle, 0 too, goes through the same interpolation.

    Example: `zoo bench turned runs/detection-scenes-kestrel_nano/2026-01-31_12-00-00`
    """
    try:
        turns = [float(angle) for angle in angles.split(",")]
    except ValueError as error:
        raise ZooError(f"--angles {angles!r} are not numbers with commas between them, as in 0,30,90") from error
    found = measure(Run.find(run), turns)
    if json_:
        print(json.dumps([{"degrees": angle, **metrics} for angle, metrics in found], indent=2))
        return
    table = Table(box=None)
    for name in ("degrees", "map_50", "against the first"):
        table.add_column(name, justify="right")
    first = found[0][1]["test/map_50"]
    for angle, metrics in found:
        value = metrics["test/map_50"]
        table.add_row(f"{angle:g}", f"{value:.4f}", f"{value - first:+.4f}")
    Console().print(table)


def measure(run: Run, angles: Sequence[float]) -> list[tuple[float, dict[str, float]]]:
    """Return the test metrics of a run at every angle."""
    import torch

    from configuration.composition import recompose
    from configuration.instantiation import data_of, task_of
    from tasks.trainer import HARDWARE, make_trainer
    from zoo import hardware

    if "geometry" not in run.config["task"]:
        raise ZooError(f"run {run.folder} is for task {run.config['task']['name']}, without boxes that could be turned")
    cfg = recompose(run.config, [])
    chosen = hardware.choose(**{key: cfg.trainer[key] for key in HARDWARE})
    hardware.apply(chosen)
    data: Any = data_of(cfg)
    data.prepare_data()
    data.setup("test")
    task = task_of(cfg, run.load_model(), data.classes, chosen.channels_last)
    split, found = data.split, []
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, Progress(console=console, disable=not console.is_terminal) as bar:
        for angle in bar.track(list(angles), description="turning"):
            scenes = [turned(scene, angle, data.loading.values, Path(folder)) for scene in split.parts["test"]]
            data.split = replace(split, parts={**split.parts, "test": scenes})
            with torch.random.fork_rng(devices=[]):
                tested = make_trainer(chosen).test(task, datamodule=data, verbose=False)[0]
            found.append((angle, {name: float(value) for name, value in tested.items()}))
    return found


def turned(scene: "Scene", angle: float, values: "Values", folder: Path) -> "Scene":
    """Write a scene turned counter-clockwise by `angle` degrees, whole, on a larger square, and return it."""
    import numpy as np
    import rasterio
    import torch
    from torchvision.tv_tensors import Image

    from recipes.imagery.augment.objects import mapped, warped
    from recipes.imagery.images import measured

    pixels, _ = measured(scene.path, scene.window, scene.bands, values)
    low, high = values.value_range or (0.0, 65535.0)
    radians = math.radians(angle)
    cos, sin = math.cos(radians), math.sin(radians)
    size = math.ceil(
        max(abs(cos) * scene.width + abs(sin) * scene.height, abs(sin) * scene.width + abs(cos) * scene.height)
    )
    linear = torch.tensor([[cos, sin], [-sin, cos]])  # counter-clockwise as seen, since y points down
    shift = torch.tensor([size / 2, size / 2]) - linear @ torch.tensor([scene.width / 2, scene.height / 2])
    forward = torch.cat((linear, shift[:, None]), dim=1)
    image = warped({"image": Image(torch.from_numpy(pixels))}, forward, size)["image"].numpy()
    path = folder / f"{scene.name.replace('/', '_')}_{angle:g}.tif"
    profile = {"driver": "GTiff", "width": size, "height": size, "count": len(image), "dtype": "uint16", "tiled": True}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(np.rint(image * (high - low) + low).clip(0, 65535).astype(np.uint16))
    boxes = mapped(torch.from_numpy(scene.boxes), forward).numpy()
    return replace(scene, path=path, window=(0, 0, size, size), boxes=boxes, bands=None)
