"""Weights in CTranslate2's container (`model.bin`), version 6, read as data: numbers by name, and nothing that runs.

https://github.com/OpenNMT/CTranslate2, little-endian: uint32 version, string specification, uint32 revision, uint32 number of
variables; of each a string name, uint8 rank, rank × uint32 shape, uint8 type, uint32 bytes, the bytes; then uint32 number of
aliases, each two strings. A string is a uint16 length with the zero byte at its end, and its bytes.
"""

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 6
DEEPEST = 8  # dimensions of a tensor
TYPES: Mapping[int, np.dtype[Any]] = {
    number: np.dtype(name) for number, name in enumerate(("<f4", "i1", "<i2", "<i4", "<f2"))
}


def is_container(start: bytes) -> bool:
    """Tell whether a file that begins so is such a container."""
    return start[:4] == struct.pack("<I", VERSION)


def read(paths: Sequence[Path]) -> "dict[str, Tensor]":
    """Return the variables of a container that lies in one file, or is split over several, in order.

    A second name of a variable is the same tensor. Raises ZooError for a file that is cut or says what cannot be.
    """
    reader = _Reader(b"".join(path.read_bytes() for path in paths), str(paths[0]))
    version = reader.number("I", "version")
    if version != VERSION:
        raise reader.refuse(f"is of version {version}; version {VERSION} is known")
    reader.text("specification")
    reader.number("I", "revision")
    state = dict(_variables(reader, reader.number("I", "number of variables")))
    for _ in range(reader.number("I", "number of aliases")):
        alias, name = reader.text("alias"), reader.text("name of an alias")
        if name not in state or alias in state:
            raise reader.refuse(f"calls {name!r} also {alias!r}, and the one is not there or the other is")
        state[alias] = state[name]
    if reader.place != len(reader.content):
        raise reader.refuse(f"has {len(reader.content) - reader.place} bytes behind its end")
    return state


class _Reader:
    """The content of a container and the place that was reached in it."""

    def __init__(self, content: bytes, label: str) -> None:
        self.content, self.label, self.place = content, label, 0

    def refuse(self, why: str) -> ZooError:
        return ZooError(f"weights {self.label!r}: the container {why}, at byte {self.place}; fetch them again")

    def take(self, size: int, what: str) -> bytes:
        if self.place + size > len(self.content):
            raise self.refuse(f"is cut: {what} needs {size} bytes, {len(self.content) - self.place} are left")
        self.place += size
        return self.content[self.place - size : self.place]

    def number(self, kind: str, what: str) -> int:
        return int(struct.unpack(f"<{kind}", self.take(struct.calcsize(kind), what))[0])

    def text(self, what: str) -> str:
        raw = self.take(self.number("H", what), what)
        try:
            return raw.removesuffix(b"\0").decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.refuse(f"has a {what} that is no text ({error})") from error


def _variables(reader: _Reader, count: int) -> "Iterator[tuple[str, Tensor]]":
    """Yield the variables by name; each takes bytes, so that a count beyond what is there ends at the end of the file."""
    from torch import from_numpy

    seen: set[str] = set()
    for _ in range(count):
        name = reader.text("name of a variable")
        rank = reader.number("B", f"rank of {name!r}")
        if name in seen or rank > DEEPEST:
            raise reader.refuse(f"has {name!r} twice" if name in seen else f"gives {name!r} {rank} dimensions")
        shape = [reader.number("I", f"shape of {name!r}") for _ in range(rank)]
        kind = reader.number("B", f"type of {name!r}")
        size = reader.number("I", f"size of {name!r}")
        if kind not in TYPES:
            raise reader.refuse(f"gives {name!r} the type {kind}; known are {', '.join(map(str, TYPES))}")
        if size != math.prod(shape) * TYPES[kind].itemsize:
            raise reader.refuse(f"gives {name!r} {size} bytes, which are not those of {shape} in {TYPES[kind]}")
        seen.add(name)
        array = np.frombuffer(reader.take(size, f"{name!r}"), TYPES[kind]).reshape(shape)
        yield name, from_numpy(array.copy())
