"""`zoo bench windows SCENE`: how many random windows of a raster are read a second, open and opened anew."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from tools.bench.harness import Timing, facts, lay_out, report, take_turns
from zoo import quantities
from zoo.errors import ZooError
from zoo.hardware.memory import peak_memory


def command(
    scene: Annotated[Path, typer.Argument(help="a raster, as `zoo data generate` writes them")],
    size: Annotated[int, typer.Option(min=1, help="of a window, pixels")] = 512,
    count: Annotated[int, typer.Option(min=1, help="windows that are read each way")] = 300,
    rounds: Annotated[int, typer.Option(min=1, help="how often each way takes its turn")] = 3,
    seed: Annotated[int, typer.Option(help="draws the windows")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Read the same random windows as training does, from a raster kept open and from one opened for each window.

    Example: `zoo bench windows scene.tif`
    """
    found, timings = measure(scene, size, count, rounds, seed)
    text = (
        f"{scene}: {found['width']} × {found['height']} pixels of {found['bands']} bands; {count} random windows of {size} "
        f"pixels, one thread\n{lay_out(timings, count, 'windows')}\n"
        f"memory {quantities.size(found['peak_memory'])} at most, {quantities.size(found['grown'])} of them by reading"
    )
    report({**found, "size": size, "count": count, "ways": facts(timings, count)}, text, json_)


def measure(scene: Path, size: int, count: int, rounds: int, seed: int) -> tuple[dict[str, Any], dict[str, Timing]]:
    """Return the facts of the raster with the bytes that reading takes, and the times of both ways."""
    from rasterio.windows import Window

    from recipes.imagery.images import Values
    from recipes.imagery.images import facts as facts_of
    from recipes.imagery.parts import read_part
    from recipes.imagery.rasters import open_raster
    from recipes.imagery.scene import Scene

    found = facts_of(scene)
    if min(found.width, found.height) < size:
        raise ZooError(f"--size {size} is larger than {scene}, which is {found.width} × {found.height} pixels")
    draw = np.random.default_rng(seed)
    corners = draw.integers(0, (found.width - size + 1, found.height - size + 1), (count, 2)).tolist()
    whole = Scene(scene.stem, scene, (0, 0, found.width, found.height))

    def kept_open() -> None:
        for x, y in corners:
            read_part(whole, (x, y, size, size), Values())

    def opened_anew() -> None:
        for x, y in corners:
            with open_raster(scene) as raster:
                raster.read(window=Window(x, y, size, size)).astype(np.float32)

    before = peak_memory()
    timings = take_turns({"kept open": kept_open, "opened anew": opened_anew}, rounds)
    memory = {"peak_memory": peak_memory(), "grown": peak_memory() - before}
    return {"scene": str(scene), **found._asdict(), **memory}, timings
