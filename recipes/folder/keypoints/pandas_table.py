"""Tables of numbers that pandas wrote into an .h5 file, read with h5py as data: nothing in them is unpickled.

The layouts, `fixed` and `table`: https://pandas.pydata.org/docs/user_guide/io.html#hdf5-pytables. A fixed table has its names
as arrays of bytes. One of the layout `table` has those of its columns pickled in an attribute: of a pickle's instructions
those for texts, numbers, lists and tuples are followed here, which can call nothing; any other is refused. So is what h5py
calls an object: a column of anything but numbers.
"""

import pickletools
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError

#: What `pandas_type` says of the two layouts.
FIXED, TABLE = "frame", "frame_table"
WAY_OUT = "give it as .csv, which DeepLabCut writes beside it, or pandas: read_hdf(…).to_csv(…)"
MOST = 200_000_000  # bytes of one array
Names = tuple[str, ...]


def is_table(path: Path, needed: Collection[str]) -> bool:
    """Say whether a file holds a table whose columns have the levels `needed`; a file that is damaged does not."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return any(set(needed) <= set(levels(group)) for group in groups(file))
    except (OSError, ZooError):
        return False


def read(path: Path) -> tuple[Names, list[Names], list[Names], np.ndarray]:
    """Return the names of the levels of the columns, the columns, the rows, and the numbers (rows, columns) float64.

    Raises ZooError for a file that is damaged, holds no table or several, or anything that is neither texts nor numbers.
    """
    import h5py

    with sound(path), h5py.File(path, "r") as file:
        every = list(groups(file))
        if len(every) != 1:
            raise ZooError(f"{path.name} holds {len(every)} tables of pandas, not one; {WAY_OUT}")
        group = every[0]
        columns, rows, values = table(group) if kind(group) == TABLE else fixed(group)
        if values.shape != (len(rows), len(columns)):
            raise ZooError(f"{path.name} has {values.shape} numbers for {len(rows)} rows of {len(columns)}; {WAY_OUT}")
        return levels(group), columns, rows, values


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Say that a file is damaged where h5py finds it so."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, ZooError):
            raise
        raise ZooError(f"{path.name} is no sound table of pandas ({error}); {WAY_OUT}") from error


def groups(file: Any) -> Iterator[Any]:
    """Yield the tables of a file that lie at its top, where `to_hdf` puts them."""
    import h5py

    for name in file:
        if isinstance(file.get(name, getlink=True), h5py.HardLink) and kind(file[name]) in (FIXED, TABLE):
            yield file[name]


def kind(group: Any) -> str:
    """Return which layout a group has, "" for none."""
    return text(group.attrs.get("pandas_type", b""))


def levels(group: Any) -> Names:
    """Return the names of the levels of the columns, in their order."""
    if kind(group) == TABLE:
        info = plain(group.attrs["info"]).get(1)
        return words(info["names"]) if isinstance(info, dict) and "names" in info else ()
    count = int(group.attrs.get("axis0_nlevels", 0))
    return tuple(text(group[f"axis0_level{level}"].attrs["name"]) for level in range(count))


def fixed(group: Any) -> tuple[list[Names], list[Names], np.ndarray]:
    """Read columns, rows and numbers of the layout `fixed`, whose columns lie in blocks of one type each."""
    columns, rows = axis(group, "axis0"), axis(group, "axis1")
    places = {column: at for at, column in enumerate(columns)}
    if len(places) < len(columns):
        raise ZooError(f"two columns are named alike; {WAY_OUT}")
    values = np.full((len(rows), len(columns)), np.nan)
    for block in range(int(group.attrs["nblocks"])):
        stored = group[f"block{block}_values"]
        turned = bool(stored.attrs.get("transposed", 0))
        found = numbers(stored)
        for at, column in enumerate(axis(group, f"block{block}_items")):
            values[:, places[column]] = found[:, at] if turned else found[at]
    return columns, rows, values


def axis(group: Any, name: str) -> list[Names]:
    """Return the names along an axis: one text each, or one of each level."""
    if text(group.attrs[f"{name}_variety"]) != "multi":
        return [(word,) for word in texts(group[name])]
    parts = []
    for level in range(int(group.attrs[f"{name}_nlevels"])):
        named, codes = texts(group[f"{name}_level{level}"]), numbers(group[f"{name}_label{level}"]).astype(int)
        if len(codes) and codes.min() < 0:
            raise ZooError(f"a name along {name} is missing; {WAY_OUT}")
        parts.append([named[code] for code in codes])
    return list(zip(*parts, strict=True))


def table(group: Any) -> tuple[list[Names], list[Names], np.ndarray]:
    """Read columns, rows and numbers of the layout `table`: one record a row."""
    stored = group["table"]
    if stored.dtype.names != ("index", "values_block_0") or stored.dtype["index"].kind != "S":
        raise ZooError(f"its rows have the fields {stored.dtype.names}, not texts and numbers; {WAY_OUT}")
    columns = [words(one) for _, those in plain(group.attrs["non_index_axes"]) for one in those]
    content = checked(stored)[()]
    rows: list[Names] = [(word.decode("utf-8"),) for word in content["index"].tolist()]
    return columns, rows, content["values_block_0"].astype(np.float64)


def numbers(stored: Any) -> np.ndarray:
    """Return an array of numbers as float64."""
    if stored.dtype.kind not in "fiu":
        raise ZooError(
            f"{stored.name} holds no numbers but {stored.dtype}, which would have to be unpickled; {WAY_OUT}"
        )
    return np.asarray(checked(stored)[()], np.float64)


def texts(stored: Any) -> list[str]:
    """Return an array of bytes as texts."""
    if stored.dtype.kind != "S":
        raise ZooError(f"{stored.name} holds no texts but {stored.dtype}, which would have to be unpickled; {WAY_OUT}")
    return [word.decode("utf-8") for word in checked(stored)[()].tolist()]


def checked(stored: Any) -> Any:
    """Refuse an array that lies in other files or is too large; return it."""
    if stored.external or stored.is_virtual:
        raise ZooError(f"{stored.name} lies in another file, which is refused; {WAY_OUT}")
    if (claimed := stored.size * stored.dtype.itemsize) > MOST:
        raise ZooError(f"{stored.name} claims {claimed} bytes, more than {MOST}, which is refused; {WAY_OUT}")
    return stored


def words(those: Sequence[Any]) -> Names:
    """Return texts; anything else among them is refused."""
    if not all(isinstance(one, str) for one in those):
        raise ZooError(f"its names are not all texts; {WAY_OUT}")
    return tuple(those)


def text(value: Any) -> str:
    """Return an attribute as text."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def plain(pickled: bytes) -> Any:
    """Return the texts, numbers, lists, tuples and mappings of a pickle without unpickling it; anything else is refused."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for operation, argument, _ in pickletools.genops(bytes(pickled)):
        if operation.name == "STOP":
            return stack[-1]
        step(operation.name, argument, stack, memo)
    raise ZooError(f"its names end too early; {WAY_OUT}")


class Mark:
    """Where a list, tuple or mapping begins."""


def step(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    """Follow one instruction."""
    if name in ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "INT", "BININT", "BININT1", "LONG", "NONE"):
        stack.append(argument)
    elif name in ("PUT", "BINPUT"):
        memo[argument] = stack[-1]
    elif name in ("GET", "BINGET"):
        stack.append(memo[argument])
    elif name == "MARK":
        stack.append(Mark)
    elif name == "APPEND":
        last = stack.pop()
        stack[-1].append(last)
    elif name == "SETITEM":
        value, key = stack.pop(), stack.pop()
        stack[-1][key] = value
    elif name in ("LIST", "TUPLE", "DICT"):
        stack.append(gathered(name, since_mark(stack)))
    else:
        raise ZooError(f"its names are pickled with {name}, which is refused; {WAY_OUT}")


def since_mark(stack: list[Any]) -> list[Any]:
    """Take what was put on the stack since the last mark off it."""
    at = len(stack) - 1 - stack[::-1].index(Mark)
    found = stack[at + 1 :]
    del stack[at:]
    return found


def gathered(name: str, items: Sequence[Any]) -> Any:
    """Return items as a list, a tuple or a mapping."""
    if name == "DICT":
        return dict(zip(items[::2], items[1::2], strict=True))
    return tuple(items) if name == "TUPLE" else list(items)
