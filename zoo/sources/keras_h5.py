"""Weights in Keras's .h5 files, read as data: arrays of numbers by their path in the file.

https://docs.h5py.org: a file may also hold links to other files and objects that ask to be unpickled, which are refused.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor

#: Objects beyond which a file is refused: a network of a thousand layers has some ten thousand.
MOST = 100_000


def read(path: Path) -> "dict[str, Tensor]":
    """Return the arrays of a file by their paths, such as `block1/layers/conv2d/vars/0`.

    Raises ZooError for a file that is damaged, leads to other files, or holds anything else than numbers.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {}
            _collect(file, "", found, path)
            return {name: _tensor(dataset, name, path) for name, dataset in found.items()}
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ZooError):
            raise
        raise ZooError(f"weights {str(path)!r} are not a sound HDF5 file ({error}); fetch them again") from error


def _collect(group: Any, prefix: str, found: dict[str, Any], path: Path) -> None:
    """Gather the arrays below a group; what is not written into it as it stands is refused."""
    import h5py

    for name in group:
        label = f"{prefix}{name}"
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise ZooError(
                f"weights {str(path)!r}: {label!r} leads elsewhere ({type(link).__name__}), which is refused"
            )
        if len(found) >= MOST or label.count("/") > 50:
            raise ZooError(f"weights {str(path)!r} hold more than {MOST} arrays, or a group within itself: refused")
        member = group[name]
        if isinstance(member, h5py.Group):
            _collect(member, f"{label}/", found, path)
        elif isinstance(member, h5py.Dataset):
            found[label] = member
        else:
            raise ZooError(f"weights {str(path)!r}: {label!r} is a {type(member).__name__}, expected an array")


def _tensor(dataset: Any, name: str, path: Path) -> "Tensor":
    """Return one array or number; one that lies in other files, is no number, or claims more than the file holds is refused."""
    import numpy as np
    from torch import from_numpy

    if dataset.dtype.kind not in "fiub" or dataset.external or dataset.is_virtual:
        kind = "numbers from other files" if dataset.dtype.kind in "fiub" else str(dataset.dtype)
        raise ZooError(f"weights {str(path)!r}: {name!r} holds {kind}, expected numbers of its own: refused")
    stored, claimed = dataset.id.get_storage_size(), dataset.size * dataset.dtype.itemsize
    if claimed > max(1_000_000, 50 * stored):
        raise ZooError(f"weights {str(path)!r}: {name!r} claims {claimed} bytes and has {stored}: refused")
    array = np.asarray(dataset[()])
    return from_numpy(array.astype(array.dtype.newbyteorder("="), copy=True).reshape(dataset.shape))
