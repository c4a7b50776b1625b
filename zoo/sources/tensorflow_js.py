"""Weights of TensorFlow.js graph models, read as data: a JSON that describes them, and files of bytes beside it.

https://github.com/tensorflow/tfjs/tree/master/tfjs-core/src/io: `weightsManifest` lists groups, each with the `paths` of its
files, which are one row of bytes together, and its `weights` in their order: name, shape, dtype, and how they were quantized
(float16, or whole numbers with scale and min). The graph beside it is not looked at.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor

DTYPES: Mapping[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"), "int32": np.dtype("<i4"), "bool": np.dtype("u1"),
    "float16": np.dtype("<f2"), "uint8": np.dtype("u1"), "uint16": np.dtype("<u2"),
}  # fmt: skip


def read(description: Path, files: Sequence[Path]) -> "dict[str, Tensor]":
    """Return the weights by the names of their nodes; `files` are those that the description names.

    Raises ZooError for a description that is damaged or names other files, and for bytes that are not as it says.
    """
    from torch import from_numpy

    there = {path.name: path for path in files}
    state: dict[str, Tensor] = {}
    try:
        manifest = json.loads(description.read_text(encoding="utf-8"))["weightsManifest"]
        for group in manifest:
            content = b"".join(_content(name, there, description) for name in group["paths"])
            for name, array in _arrays(group["weights"], content, description):
                if name in state:
                    raise _refuse(description, f"it names {name!r} twice")
                state[name] = from_numpy(array)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, ZooError):
            raise
        raise _refuse(description, f"it does not read as a graph model ({error!r})") from error
    return state


def _refuse(description: Path, why: str) -> ZooError:
    return ZooError(f"weights {str(description)!r}: {why}; fetch them again, or name their files in the card")


def _content(name: object, there: Mapping[str, Path], description: Path) -> bytes:
    """Return the bytes of a file that the description names; only files that were fetched for it are opened."""
    if not isinstance(name, str) or name not in there:
        raise _refuse(
            description, f"it names the file {name!r}; those that came with it are {', '.join(there) or 'none'}"
        )
    return there[name].read_bytes()


def _arrays(weights: Sequence[Any], content: bytes, description: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the weights of a group, which must fill its bytes."""
    place = 0
    for weight in weights:
        name, shape = str(weight["name"]), [int(side) for side in weight["shape"]]
        how = weight.get("quantization") or {}
        kind = how.get("dtype", weight["dtype"])
        if kind not in DTYPES or min(shape, default=0) < 0:
            raise _refuse(
                description, f"{name!r} has the type {kind!r} and the shape {shape}, which are not known here"
            )
        size = math.prod(shape) * DTYPES[kind].itemsize
        if place + size > len(content):
            raise _refuse(description, f"{name!r} needs {size} bytes, {len(content) - place} are left")
        array = np.frombuffer(content[place : place + size], DTYPES[kind]).reshape(shape)
        place += size
        yield name, _dequantized(array, how, weight["dtype"])
    if place != len(content):
        raise _refuse(description, f"{len(content) - place} bytes are left behind the last weight")


def _dequantized(array: np.ndarray, how: Mapping[str, Any], dtype: str) -> np.ndarray:
    """Return numbers as they were before they were quantized, in the type that they had then."""
    if "scale" in how:
        array = array * np.float32(how["scale"]) + np.float32(how["min"])
    return array.astype(DTYPES[dtype].newbyteorder("="), copy=True)
