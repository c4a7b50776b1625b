"""`zoo data generate`: write a generated satellite scene of any size, with its truth beside."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from recipes.scenes.covers import MERGED
from recipes.scenes.generate import SceneFiles, generate
from recipes.scenes.labelled_files import write_keypoints, write_plots
from recipes.scenes.settings import SceneSettings
from tools.terminal.options import expand_options
from zoo.errors import ZooError, counted


@dataclass(frozen=True)
class Asked:
    """The scene that is asked for."""

    size: Annotated[int, typer.Option(help="width and height in pixels, to 20000")] = 2048
    height: Annotated[int | None, typer.Option(help="height in pixels, where it is another")] = None
    bands: Annotated[str, typer.Option(help="their number, or names: blue,green,red,nir,…")] = "4"
    classes: Annotated[int, typer.Option(help="classes of objects, 1 to 200")] = 5
    seed: Annotated[int, typer.Option(help="one seed is one scene")] = 0
    resolution: Annotated[float, typer.Option(help="metres a pixel")] = 0.3
    sea: Annotated[float, typer.Option(help="the share that is sea")] = 0.25
    clouds: Annotated[float, typer.Option(help="the share under clouds")] = 0.02
    masks: Annotated[bool, typer.Option(help="write a mask of land cover beside, in 6 classes")] = False
    keypoints: Annotated[bool, typer.Option(help="write the keypoints of the aircraft beside, as COCO's")] = False
    plots: Annotated[bool, typer.Option(help="write plots of 60 m beside, in a folder for each land use")] = False

    @property
    def settings(self) -> SceneSettings:
        """What it is generated from."""
        named = int(self.bands) if self.bands.isdigit() else [name.strip() for name in self.bands.split(",")]
        same = {name: getattr(self, name) for name in ("classes", "seed", "resolution", "sea", "clouds")}
        return SceneSettings.of(self.size, self.size if self.height is None else self.height, named, **same)


@expand_options
def command(out: Annotated[Path, typer.Option(help="the GeoTIFF to write")], asked: Asked) -> None:
    """Write a scene as a tiled GeoTIFF and its objects as GeoJSON; no such place exists.

    Aircraft have keypoints (`--keypoints`), and plots a land use (`--plots`): data of the tasks pose and classification.

    Example: `zoo data generate --size 10000 --bands 4 --classes 5 --seed 1 --out scene.tif`
    """
    if out.suffix.lower() not in (".tif", ".tiff"):
        raise ZooError(f"--out {out} must end in .tif: a scene is written as a GeoTIFF")
    settings = asked.settings
    began = time.perf_counter()
    files = [*written(settings, out, len(MERGED) if asked.masks else None)]
    files += [write_keypoints(settings, out)] if asked.keypoints else []
    folder = write_plots(settings, out) if asked.plots else None
    seconds = time.perf_counter() - began
    console = Console(highlight=False, soft_wrap=True)
    for path in files:
        if path is not None:
            console.print(f"{path}  {path.stat().st_size / 2**20:.1f} MB", markup=False)
    if folder is not None:
        console.print(f"{folder}  {counted(sum(1 for _ in folder.rglob('*.tif')), 'plot')}", markup=False)
    console.print(
        f"generated {settings.width} × {settings.height} pixels of {counted(len(settings.bands), 'band')} in {seconds:.1f} s"
    )


def written(settings: SceneSettings, out: Path, masks: int | None) -> SceneFiles:
    """Write the scene with a bar that says how long it will take, where someone looks."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("generating", total=settings.width * settings.height)
        return generate(settings, out, masks, lambda pixels: bar.advance(task, pixels))
