"""`zoo bench windows SCENE`: how many random windows of a raster are read a second, open and opened anew."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from zoo.errors import ZooError
from zoo.hardware.memory import peak_memory


def command(
    scene: Annotated[Path, typer.Argument(help="a raster, as `zoo data generate` writes them")],
    size: Annotated[int, typer.Option(min=1, help="of a window, pixels")] = 512,
    count: Annotated[int, typer.Option(min=1, help="windows that are read each way")] = 300,
    seed: Annotated[int, typer.Option(help="draws the windows")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Read the same random windows as training does, from a raster kept open and from one opened for each window.

    Example: `zoo bench windows scene.tif`
    """
    figures = measure(scene, size, count, seed)
    if json_:
        print(json.dumps(figures, indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{scene}: {figures['width']} × {figures['height']} pixels of {figures['bands']} bands; "
        f"{count} random windows of {size} pixels, one thread",
        markup=False,
    )
    console.print(f"kept open      {figures['kept_open']:8.1f} windows a second")
    console.print(f"opened anew    {figures['opened_anew']:8.1f} windows a second")
    console.print(
        f"memory         {figures['peak_memory_mb']:8d} MB at most, {figures['grown_mb']} MB of them by reading"
    )


def measure(scene: Path, size: int, count: int, seed: int) -> dict[str, Any]:
    """Return windows a second by the way of reading, and the memory of the process."""
    from rasterio.windows import Window

    from recipes.imagery.images import Values, facts
    from recipes.imagery.parts import read_part
    from recipes.imagery.rasters import open_raster
    from recipes.imagery.scene import Scene

    found = facts(scene)
    if min(found.width, found.height) < size:
        raise ZooError(f"--size {size} is larger than {scene}, which is {found.width} × {found.height} pixels")
    draw = np.random.default_rng(seed)
    corners = draw.integers(0, (found.width - size + 1, found.height - size + 1), (count, 2)).tolist()
    whole = Scene(scene.stem, scene, (0, 0, found.width, found.height))

    def opened(x: int, y: int) -> None:
        with open_raster(scene) as raster:
            raster.read(window=Window(x, y, size, size)).astype(np.float32)

    before = peak_memory()
    return {
        "scene": str(scene),
        **found._asdict(),
        "size": size,
        "count": count,
        "kept_open": rate(corners, lambda x, y: read_part(whole, (x, y, size, size), Values()), "kept open"),
        "opened_anew": rate(corners, opened, "opened anew"),
        "peak_memory_mb": round(peak_memory() / 2**20),
        "grown_mb": round((peak_memory() - before) / 2**20),
    }


def rate(corners: list[list[int]], read: Callable[[int, int], Any], name: str) -> float:
    """Return how many windows are read a second."""
    console = Console(stderr=True)
    began = time.perf_counter()
    for x, y in track(corners, name, console=console, transient=True, disable=not console.is_terminal):
        read(x, y)
    return round(len(corners) / (time.perf_counter() - began), 1)
