"""Polygons of instances: those of components, parted by watershed or given back what the class border took of them."""

from collections.abc import Callable
from math import ceil, floor

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.features import rasterize, shapes
from rasterio.windows import Window

from zoo.segmentation.instances import DEPTH, REACH, Method, components, grown, watershed

#: A polygon (in pixels of the scene) of a mask's file becomes those of its instances.
Part = Callable[[rasterio.DatasetReader, shapely.Polygon], list[shapely.Polygon]]


def parting(method: Method) -> Part | None:
    """Return what parts the polygons of components, None where they are the instances."""
    if method.name == "watershed":
        return by_watershed
    if method.name == "borders":
        return lambda raster, polygon: over_border(raster, polygon, method)
    return None


def by_watershed(raster: rasterio.DatasetReader, polygon: shapely.Polygon) -> list[shapely.Polygon]:
    """Part a polygon at its waists; it needs no pixel but its own. What is nowhere as wide as a part stays whole."""
    window = around(polygon, 0, raster)
    if min(window.width, window.height) <= 2 * DEPTH:
        return [polygon]
    return outlined(watershed(inside(polygon, window)), window)


def over_border(raster: rasterio.DatasetReader, polygon: shapely.Polygon, method: Method) -> list[shapely.Polygon]:
    """Grow a polygon over the border around it, as far as no other instance is nearer."""
    window = around(polygon, 2 * REACH + 1, raster)
    mask = raster.read(1, window=window)
    own, others = inside(polygon, window), np.isin(mask, method.foreground)
    labels = np.where(own, 1, np.where(others, 2, 0)).astype(np.int32)
    whole = grown(labels, mask == method.border) == 1
    kept = components(whole)
    return outlined(np.where(kept == kept[own].max(), kept, 0), window)


def around(polygon: shapely.Polygon, margin: int, raster: rasterio.DatasetReader) -> Window:
    """Return the window of a polygon's bounds, widened by `margin` pixels within the scene."""
    west, north, east, south = polygon.bounds
    x0, y0 = max(0, floor(west) - margin), max(0, floor(north) - margin)
    x1, y1 = min(raster.width, ceil(east) + margin), min(raster.height, ceil(south) + margin)
    return Window(x0, y0, x1 - x0, y1 - y0)


def inside(polygon: shapely.Polygon, window: Window) -> np.ndarray:
    """Return the pixels (h, w) bool of a window that are in a polygon."""
    place = Affine.translation(window.col_off, window.row_off)
    return rasterize([(polygon, 1)], (window.height, window.width), transform=place, dtype="uint8") == 1


def outlined(labels: np.ndarray, window: Window) -> list[shapely.Polygon]:
    """Return the polygons, in pixels of the scene, of labels (h, w) int32 in a window; 0 has none."""
    place = Affine.translation(window.col_off, window.row_off)
    found = shapes(labels, mask=labels > 0, connectivity=4, transform=place)
    return [shapely.geometry.shape(outline) for outline, _ in found]
