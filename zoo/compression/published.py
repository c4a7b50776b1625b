"""The file of the Deep Compression paper's authors: SqueezeNet 1.0 in 675,763 bytes, as it was published.

https://github.com/songhan/SqueezeNet-Deep-Compression (BSD). First of each layer the number of its stored weights (uint32);
then layer by layer 256 values (float32), the bias (float32), of each stored weight the number of its value (uint8), and how
many zeros come before it (4 bits, two a byte, the lower first). A gap longer than 15 is bridged by stored zeros.
The file says neither how many layers there are nor of what shape: that is the network's to know.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, from_numpy

from zoo.compression.coded_file import Reader
from zoo.compression.shared import SharedTensor
from zoo.errors import ZooError

ENTRIES = 256


def decode(content: bytes, shapes: Mapping[str, Sequence[int]]) -> dict[str, SharedTensor | Tensor]:
    """Return `name.weight` and `name.bias` of each layer; `shapes` are those of the weights, in the order of the file.

    Raises ZooError for a file that is not of layers of these shapes, to the last byte.
    """
    reader, state = Reader(memoryview(content)), dict[str, SharedTensor | Tensor]()
    try:
        stored = reader.take("<u4", len(shapes))
        for (name, shape), count in zip(shapes.items(), stored, strict=True):
            codebook = reader.take("<f4", ENTRIES).astype(np.float32)
            state[f"{name}.bias"] = from_numpy(reader.take("<f4", shape[0]).astype(np.float32))
            codes = spread(reader.take("u1", int(count)), reader.take("u1", (int(count) + 1) // 2), int(np.prod(shape)))
            state[f"{name}.weight"] = SharedTensor(codes.reshape(shape), codebook)
        if reader.left:
            raise ValueError(f"{reader.left} bytes are left over")
    except ValueError as error:
        raise ZooError(f"this file is not the published one of {len(shapes)} layers: {error}") from error
    return state


def spread(codes: np.ndarray, gaps: np.ndarray, size: int) -> np.ndarray:
    """Return the codes (N,) at their places among `size` weights, 0 elsewhere; `gaps` are zeros before each, two a byte."""
    runs = np.stack([gaps % 16, gaps // 16], axis=1).ravel()[: codes.size].astype(np.int64)
    places = np.cumsum(runs + 1) - 1
    if codes.size and places[-1] >= size:
        raise ValueError(f"its weights reach place {places[-1]:,} of {size:,}")
    placed = np.zeros(size, np.uint16)
    placed[places] = codes
    return placed
