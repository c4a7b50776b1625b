"""LSTM and GRU: recurrent networks over a series, both ways where the whole of it is known.

Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Cho et al. 2014,
https://arxiv.org/abs/1406.1078; both ways: Graves and Schmidhuber 2005, https://doi.org/10.1016/j.neunet.2005.06.042.
"""

from zoo.sequence.network import Network, end_of, front_of
from zoo.sequence.recurrent import Recurrent

LAYERS = 2


def build(
    classes: int,
    bands: int,
    *,
    cell: str = "lstm",
    output: str = "classify",
    horizon: int = 24,
    normalise: str = "auto",
    size: tuple[int, float] = (128, 0.2),
) -> Network:
    """Build two recurrent layers of a cell; `size` is their width and dropout. A forecast reads forwards only."""
    width, dropout = size
    body = Recurrent(cell, bands, width, LAYERS, output != "forecast", dropout)
    return Network(
        front_of(bands, normalise, output), body, end_of(output, body.width, (classes, bands), horizon, dropout)
    )
