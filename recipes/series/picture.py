"""A picture of a series: its features as lines."""

import numpy as np


def picture(values: np.ndarray) -> np.ndarray:
    """Return lines of values (T, F), each feature scaled to its own range, as uint8 (H, W, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2, 2.2), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    low, high = values.min(axis=0), values.max(axis=0)
    axes.plot((values - low) / np.where(high > low, high - low, 1), linewidth=1)
    axes.set(yticks=[])
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
