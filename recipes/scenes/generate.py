"""Writing scenes: block by block to tiled, compressed GeoTIFF, with truth beside; and once into the cache."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import rasterio
from rasterio.enums import ColorInterp
from rasterio.windows import Window as RasterWindow

from recipes.imagery.scene import Window
from recipes.scenes.covers import mask_classes
from recipes.scenes.render import Renderer
from recipes.scenes.settings import SceneSettings
from recipes.scenes.truth import CRS, NORTH, WEST, save, truth_of
from zoo.files import atomic_write, cache_place, durable_replace

#: Pixels rendered at once; a multiple of the tiles of the file.
BLOCK = 1024
#: Tiles of the file, pixels: a window of training wastes little of them. Deflate is read everywhere.
TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "zlevel": 1, "bigtiff": "if_safer"}
COLOURS = {"red": ColorInterp.red, "green": ColorInterp.green, "blue": ColorInterp.blue}


class SceneFiles(NamedTuple):
    """The files of a scene: the raster, the objects, and the mask where one was asked for."""

    image: Path
    objects: Path
    mask: Path | None


def files_of(image: Path, masked: bool) -> SceneFiles:
    """Return the names of the files beside a raster."""
    return SceneFiles(
        image, image.with_suffix(".geojson"), image.with_name(f"{image.stem}_mask.tif") if masked else None
    )


def blocks(width: int, height: int, size: int = BLOCK) -> Iterator[Window]:
    """Yield the windows of a scene, row by row."""
    for y in range(0, height, size):
        for x in range(0, width, size):
            yield x, y, min(size, width - x), min(size, height - y)


def profile_of(settings: SceneSettings, count: int, dtype: str) -> dict[str, Any]:
    """Return what GDAL needs for a raster of a scene."""
    step = settings.resolution
    return {
        "driver": "GTiff",
        "width": settings.width,
        "height": settings.height,
        "count": count,
        "dtype": dtype,
        "crs": CRS,
        "transform": rasterio.Affine(step, 0, WEST, 0, -step, NORTH),
        **TILED,
    }


def generate(
    settings: SceneSettings, image: Path, masks: int | None = None, advance: Callable[[int], None] = lambda pixels: None
) -> SceneFiles:
    """Write a scene to `image` with its objects beside, and with a mask of `masks` classes when that is given.

    `advance` is told of the pixels done. Each file appears whole or not at all.
    """
    renderer, files = Renderer(settings), files_of(image, masks is not None)
    image.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        raster = opened(stack, files.image, profile_of(settings, len(settings.bands), "uint16") | {"nodata": 0})
        raster.descriptions = settings.bands
        raster.colorinterp = [COLOURS.get(name, ColorInterp.undefined) for name in settings.bands]
        raster.update_tags(GENERATED=f"by recipes.scenes from seed {settings.seed}; no such place exists")
        sink = None if files.mask is None else opened(stack, files.mask, profile_of(settings, 1, "uint8"))
        names, numbers = mask_classes(settings.catalogue, masks or 6)
        if sink is not None:
            sink.update_tags(CLASSES=",".join(names))
        for window in blocks(settings.width, settings.height):
            rendered = renderer.render(window)
            raster.write(rendered.pixels, window=RasterWindow(*window))
            if sink is not None:
                sink.write(numbers[rendered.cover][None], window=RasterWindow(*window))
            advance(window[2] * window[3])
    save(truth_of(renderer), files.objects, settings.catalogue.names, settings.resolution)
    return files


def opened(stack: ExitStack, path: Path, profile: dict[str, Any]) -> Any:
    """Open a raster for writing under a temporary name, which the stack makes its own when all went well."""
    part = stack.enter_context(atomic_write(path))
    return stack.enter_context(rasterio.open(part, "w", **profile))


def cached(
    settings: SceneSettings, masks: int | None = None, advance: Callable[[int], None] = lambda pixels: None
) -> SceneFiles:
    """Return the files of a scene from the cache, where they are generated when they are not there.

    Two processes may do so at once: the first whole folder stays.
    """
    name = settings.digest if masks is None else f"{settings.digest}-{masks}"
    folder = cache_place("scenes", name)
    if not folder.is_dir():
        part = Path(mkdtemp(prefix=f".{name}-", dir=folder.parent))
        try:
            generate(settings, part / "scene.tif", masks, advance)
            take(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return files_of(folder / "scene.tif", masks is not None)


def take(part: Path, folder: Path) -> None:
    """Give a whole folder its name; when another process was first, its folder stays, which holds the same."""
    try:
        durable_replace(part, folder)
    except OSError:
        if not folder.is_dir():
            raise
