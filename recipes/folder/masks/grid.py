"""Masks on the grid of their image: turned with it, or laid where their own georeference says, never as they happen to lie."""

from pathlib import Path

import numpy as np
from rasterio.warp import Resampling, reproject

from recipes.folder.georeference import Georeference, georeference
from recipes.imagery.images import ImageFacts, is_raster
from zoo.errors import ZooError

#: Two grids whose corners lie this near to each other are one, pixels.
SAME = 0.01
TURNED = "[mask is|masks are] of the picture as it is stored, and [was|were] turned with it"
LAID = "[mask lies|masks lie] on another grid than [its image|their images] and [was|were] laid by [its|their] georeference"


def lay(numbers: np.ndarray, mask: Path, image: Path, seen: ImageFacts, nothing: int) -> tuple[np.ndarray, str]:
    """Return the codes (H, W) of a mask on the grid of its image, and what was done: a sentence, or "".

    Where the mask does not reach it is `nothing`. ZooError where it lies elsewhere; of another size, it is returned as it is.
    """
    height, width = numbers.shape
    if is_raster(mask) and is_raster(image):
        ours, theirs = georeference(image), georeference(mask)
        if ours.known and theirs.known and not same_grid(ours, theirs):
            return reprojected(numbers, theirs, ours, nothing), LAID
    if seen.orientation >= 5 and (width, height) == seen.stored != (seen.width, seen.height):
        return turned(numbers, seen.orientation), TURNED
    return numbers, ""


def same_grid(one: Georeference, other: Georeference) -> bool:
    """Say whether two images have the same pixels of the map."""
    if (one.width, one.height) != (other.width, other.height) or (one.crs and other.crs and one.crs != other.crs):
        return False
    corners = np.array([[0.0, 0.0], [one.width, 0.0], [0.0, one.height], [one.width, one.height]])
    there = other.to_map(corners, None)
    return bool((np.abs(one.to_pixels(there, None) - corners) <= SAME).all())


def reprojected(numbers: np.ndarray, source: Georeference, target: Georeference, nothing: int) -> np.ndarray:
    """Return the codes of a mask on another grid: of each pixel the code at its middle."""
    if (source.crs is None) != (target.crs is None):
        raise ZooError(
            "image and mask lie on different grids, and one of them names no coordinate system; name it in both "
            "(gdal_edit -a_srs)"
        )
    found = np.full((target.height, target.width), nothing, np.int32)
    crs = target.crs or "EPSG:3857"  # both without one are in the same plane
    reproject(
        numbers.astype(np.int32),
        found,
        src_transform=source.transform,
        dst_transform=target.transform,
        src_crs=source.crs or crs,
        dst_crs=crs,
        src_nodata=None,
        dst_nodata=nothing,
        init_dest_nodata=True,
        resampling=Resampling.nearest,
    )
    if (found == nothing).all() and not (numbers == nothing).all():
        raise ZooError("it lies at another place than its image, by the georeference of both; correct one of them")
    return found


def turned(numbers: np.ndarray, orientation: int) -> np.ndarray:
    """Return codes turned as EXIF's orientation 5 to 8 says."""
    flipped = numbers.T
    flipped = flipped[:, ::-1] if orientation in (6, 7) else flipped
    return np.ascontiguousarray(flipped[::-1] if orientation in (7, 8) else flipped)
