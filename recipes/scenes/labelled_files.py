"""What `zoo data generate` writes beside a scene for other tasks: keypoints of aircraft, and plots by land use."""

import json
from itertools import count
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

from recipes.folder.keypoints.coco_writer import coco
from recipes.folder.keypoints.format import KeypointImage
from recipes.folder.keypoints.found import Found, Individual
from recipes.imagery.images import facts
from recipes.scenes.aircraft import EDGES, KEYPOINTS
from recipes.scenes.individuals import aircraft_of
from recipes.scenes.render import Renderer
from recipes.scenes.settings import SceneSettings
from recipes.scenes.uses import squares
from zoo.errors import ZooError
from zoo.files import atomic_folder, atomic_write


def write_keypoints(settings: SceneSettings, image: Path) -> Path:
    """Write the aircraft of a scene that lies at `image` as COCO's keypoints beside it; what a cloud hides is marked hidden."""
    individuals = [
        Individual(
            one.keypoints, np.ones(len(KEYPOINTS), bool), "", tuple(one.box.tolist()), one.area,
            frozenset(np.flatnonzero(~one.seen).tolist()), "aircraft",
        )
        for one in aircraft_of(Renderer(settings))
    ]  # fmt: skip
    found = Found(KEYPOINTS, {image.name: individuals}, list(EDGES))
    content = coco([KeypointImage(image.name, None, facts(image), individuals)], found)
    path = image.with_name(f"{image.stem}_keypoints.json")
    with atomic_write(path) as part:
        part.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_plots(settings: SceneSettings, image: Path) -> Path:
    """Cut the plots out of a scene that lies at `image`, each a GeoTIFF in the folder of its land use; return the folder."""
    folder = image.with_name(f"{image.stem}_plots")
    if folder.exists():
        raise ZooError(f"{folder} is there already and is not overwritten; remove it, or name another --out")
    numbers = count(1)
    with rasterio.open(image) as scene, atomic_folder(folder) as part:
        for window, use in squares(Renderer(settings)):
            cut = Window(*window)
            size = {
                "width": window[2],
                "height": window[3],
                "transform": scene.transform @ Affine.translation(*window[:2]),
            }
            profile = scene.profile | size | {"tiled": False}
            profile.pop("blockxsize", None), profile.pop("blockysize", None)
            path = part / use / f"{image.stem}_{next(numbers)}.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            with rasterio.open(path, "w", **profile) as plot:
                plot.write(scene.read(window=cut))
                plot.descriptions = scene.descriptions
    return folder
