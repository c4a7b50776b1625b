"""A scene that is turned shows its objects where their boxes are."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch

from recipes.imagery.augment.mixing import covered
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from tools.bench.turned import turned


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 200.0])
def test_objects_turn_with_the_scene(tmp_path: Path, angle: float) -> None:
    boxes = torch.tensor([[30.0, 40, 24, 10, 20], [90, 30, 16, 30, -40]])
    pixels = np.zeros((2, 96, 120), np.uint16)
    pixels[:, covered(boxes, 120)[:96].numpy()] = 2000
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=120, height=96, count=2, dtype="uint16"
    ) as raster:
        raster.write(pixels)
    scene = Scene("a", tmp_path / "a.tif", (0, 0, 120, 96), boxes.numpy(), np.array([0, 1]))
    made = turned(scene, angle, Values((0, 2048)), tmp_path)
    with rasterio.open(made.path) as raster:
        seen = raster.read(1) > 1000
    said = covered(torch.from_numpy(made.boxes), made.width).numpy()
    assert made.width == made.height >= 120
    assert (seen & said).sum() / (seen | said).sum() > 0.85
