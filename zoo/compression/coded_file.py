"""Files of entropy-coded weights: what shares few values takes few bits, and reads back exactly.

    8 bytes magic · 8 bytes length of the head, little-endian · head, JSON by zlib · body

The head says `metadata` (text by name) and `tensors`: of each the shape and either the dtype of plain bytes, or of shared
values the entries of the codebook and the words of its stream. The body holds, tensor by tensor in the order of the head,
the plain bytes; or the codebook (float32), how often each entry occurs (uint32), and the stream of an ANS coder (uint32
words; https://bamler-lab.github.io/constriction), whose model those counts are. All is little-endian.
"""

import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.compression.shared import SharedTensor
from zoo.errors import ZooError
from zoo.files import atomic_write

MAGIC = b"ZOOCODE1"
DTYPES = {name: np.dtype(name).newbyteorder("<") for name in ("float32", "float16", "int64", "int32", "uint8", "bool")}
#: Numbers of a file at most, all tensors together: a short file may claim any number of them.
LARGEST = 2_000_000_000
_LONGEST_HEAD = 100_000_000


def write(path: Path, tensors: Mapping[str, SharedTensor | Tensor], metadata: Mapping[str, str]) -> None:
    """Write the tensors by name, and texts by name."""
    head, body = {}, bytearray()
    for name, tensor in tensors.items():
        head[name], content = _coded(tensor) if isinstance(tensor, SharedTensor) else _plain(name, tensor)
        body += content
    text = json.dumps({"metadata": dict(metadata), "tensors": head}, ensure_ascii=False).encode()
    text = zlib.compress(text, 9)
    with atomic_write(path) as part:
        part.write_bytes(MAGIC + len(text).to_bytes(8, "little") + text + body)


def _plain(name: str, tensor: Tensor) -> tuple[dict[str, Any], bytes]:
    array = tensor.detach().contiguous().numpy()
    if str(array.dtype) not in DTYPES:
        raise ZooError(f"tensor {name!r} is {array.dtype}; coded files hold {', '.join(DTYPES)}")
    return {"shape": array.shape, "dtype": str(array.dtype)}, array.astype(DTYPES[str(array.dtype)]).tobytes()


def _coded(tensor: SharedTensor) -> tuple[dict[str, Any], bytes]:
    coder = _coder()
    codes = np.ascontiguousarray(tensor.codes, dtype=np.int32).ravel()
    counts = np.bincount(codes, minlength=tensor.codebook.size)
    if np.count_nonzero(counts) > 1:  # one value alone needs no bits
        coder.encode_reverse(codes, _model(counts))
    words = coder.get_compressed()
    parts = (tensor.codebook.astype("<f4"), counts.astype("<u4"), words.astype("<u4"))
    head = {"shape": tensor.codes.shape, "entries": tensor.codebook.size, "words": words.size}
    return head, b"".join(part.tobytes() for part in parts)


def _constriction() -> Any:
    """Return the library of entropy coding; its parts are attributes, not modules."""
    try:
        import constriction
    except ImportError as error:
        raise ZooError("coded weights need the entropy coder: pip install 'task-zoo[compress]'") from error
    return constriction


def _coder(*words: np.ndarray) -> Any:
    return _constriction().stream.stack.AnsCoder(*words)


def _model(counts: np.ndarray) -> Any:
    """Return the model of symbols that occur so often; writer and reader reckon it by the same arithmetic."""
    return _constriction().stream.model.Categorical((counts / counts.sum()).astype(np.float32), perfect=False)


def is_coded(path: Path) -> bool:
    """Tell whether a file is of this kind, by how it begins."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read(path: Path) -> tuple[dict[str, SharedTensor | Tensor], dict[str, str]]:
    """Return the tensors and the texts of a file. Raises ZooError for one that was cut, changed, or claims too much."""
    content = path.read_bytes()
    try:
        head, body = _parted(content)
        if sum(_count(entry) for entry in head["tensors"].values()) > LARGEST:
            raise ValueError(f"it claims more than {LARGEST:,} numbers")
        tensors: dict[str, SharedTensor | Tensor] = {}
        reader = Reader(body)
        for name, entry in head["tensors"].items():
            tensors[name] = _decoded(entry, reader) if "entries" in entry else _unpacked(entry, reader)
        if reader.left:
            raise ValueError(f"{reader.left} bytes are left over")
        return tensors, {str(key): str(text) for key, text in head["metadata"].items()}
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise ZooError(f"coded weights {str(path)!r} are damaged ({error}); compress or fetch them again") from error


def _parted(content: bytes) -> tuple[dict[str, Any], memoryview]:
    if not content.startswith(MAGIC):
        raise ValueError(f"it begins with {content[:8]!r}")
    start = len(MAGIC) + 8
    length = int.from_bytes(content[len(MAGIC) : start], "little")
    if length > min(_LONGEST_HEAD, len(content) - start):
        raise ValueError(f"its head claims {length:,} bytes of {len(content):,}")
    unpacking = zlib.decompressobj()
    head = json.loads(unpacking.decompress(content[start : start + length], _LONGEST_HEAD))
    if not unpacking.eof:
        raise ValueError("its head is longer than it may be, or was cut")
    return head, memoryview(content)[start + length :]


def _count(entry: Mapping[str, Any]) -> int:
    """Return how many numbers an entry of the head claims."""
    if not all(type(side) is int and 0 <= side <= LARGEST for side in entry["shape"]):
        raise ValueError(f"a shape {entry['shape']!r}")
    return math.prod(entry["shape"])


class Reader:
    """Arrays off the front of a row of bytes."""

    def __init__(self, body: memoryview) -> None:
        self.body, self.at = body, 0

    @property
    def left(self) -> int:
        """Bytes that were not taken."""
        return len(self.body) - self.at

    def take(self, dtype: np.dtype[Any] | str, count: int) -> np.ndarray:
        """Return the next `count` numbers."""
        size = np.dtype(dtype).itemsize * count
        if not 0 <= size <= self.left:
            raise ValueError(f"{size:,} bytes are wanted where {self.left:,} are left")
        self.at += size
        return np.frombuffer(self.body, dtype, count, self.at - size)


def _unpacked(entry: Mapping[str, Any], reader: Reader) -> Tensor:
    dtype = DTYPES[entry["dtype"]]
    return torch.from_numpy(reader.take(dtype, _count(entry)).astype(dtype.newbyteorder("=")).reshape(entry["shape"]))


def _decoded(entry: Mapping[str, Any], reader: Reader) -> SharedTensor:
    size = _count(entry)
    codebook = reader.take("<f4", entry["entries"])
    counts = reader.take("<u4", entry["entries"]).astype(np.int64)
    words = reader.take("<u4", entry["words"]).astype(np.uint32)
    if counts.sum() != size:
        raise ValueError(f"its counts are of {counts.sum():,} numbers, its shape of {size:,}")
    codes = np.full(size, counts.argmax() if size else 0, np.int32)
    if np.count_nonzero(counts) > 1:
        coder = _coder(words)
        codes = coder.decode(_model(counts), size)
        if not coder.is_empty() or not np.array_equal(np.bincount(codes, minlength=counts.size), counts):
            raise ValueError("its stream does not say what its counts say")
    return SharedTensor(codes.astype(np.uint16).reshape(entry["shape"]), codebook.astype(np.float32))
