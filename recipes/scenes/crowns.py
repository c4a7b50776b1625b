"""The crowns of a wood seen from above: a cellular texture, after Worley 1996 (https://doi.org/10.1145/237170.237267)."""

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.noise import uniform


def crowns(seed: int, window: Window, pitch: float, sun: tuple[float, float]) -> np.ndarray:
    """Return the brightness (H, W) float32 of a wood with a tree for every `pitch` pixels, lit against `sun`.

    Each crown is a ball: bright where it faces the sun, dark between the trees.
    """
    x, y, width, height = window
    xs, ys = (np.arange(start, start + length) + 0.5 for start, length in ((x, width), (y, height)))
    columns, rows = np.floor(xs / pitch).astype(np.int64), np.floor(ys / pitch).astype(np.int64)
    steep = float(np.hypot(*sun))
    shift = (0.22 * pitch * sun[0] / steep, 0.22 * pitch * sun[1] / steep)
    nearest = np.full((height, width), 9.0, np.float32)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            i, j = np.arange(columns[0], columns[-1] + 1) + across, np.arange(rows[0], rows[-1] + 1) + down
            jitter = [uniform(seed + k, i[None, :], j[:, None]) for k in (0, 1, 2)]
            centre_x = ((i[None, :] + 0.15 + 0.7 * jitter[0]) * pitch - shift[0]).astype(np.float32)
            centre_y = ((j[:, None] + 0.15 + 0.7 * jitter[1]) * pitch - shift[1]).astype(np.float32)
            scale = 1 / (pitch * (0.55 + 0.35 * jitter[2]))
            here = np.ix_(rows - rows[0], columns - columns[0])
            dx = xs.astype(np.float32)[None, :] - centre_x[here]
            dy = ys.astype(np.float32)[:, None] - centre_y[here]
            np.minimum(nearest, (dx * dx + dy * dy) * np.square(scale[here]), out=nearest)
    return np.float32(0.42) + np.float32(0.85) * (1 - nearest).clip(0, 1)
