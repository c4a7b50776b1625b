"""The local mirror (ZOO_MIRROR): the same files below a folder, where the URI's `://` is read as `/`."""

import os
from pathlib import Path

from zoo.errors import ZooError
from zoo.sources.address import Address, parse
from zoo.sources.failure import SourceFailedError


def mirror_root() -> Path | None:
    """Return the folder that ZOO_MIRROR names, or None; ZooError when it is not a folder."""
    chosen = os.environ.get("ZOO_MIRROR")
    if not chosen:
        return None
    root = Path(chosen).expanduser()
    if not root.is_dir():
        raise ZooError(f"ZOO_MIRROR={chosen!r} is not a folder; unset it or name the folder that holds the mirror")
    return root


def place_in_mirror(address: Address) -> Path | None:
    """Return the file or folder of this address in the mirror, or None when it is not there.

    Raises SourceFailedError when a symbolic link leads out of the mirror.
    """
    root = mirror_root()
    if root is None or address.scheme == "file":
        return None
    path = root.joinpath(*address.mirror_parts)
    if not path.exists():
        return None
    if not path.resolve().is_relative_to(root.resolve()):
        raise SourceFailedError(f"{str(path)!r} is a link that leads out of the mirror")
    return path


def mirror_folder(uri: str) -> Path | None:
    """Return the local folder of this URI: its place in ZOO_MIRROR, or what a `file://` URI names; None without one."""
    address = parse(uri, folder=True)
    try:
        folder = address.local if address.scheme == "file" else place_in_mirror(address)
    except SourceFailedError as error:
        raise ZooError(f"folder {uri!r}: {error}; put the files themselves into the mirror") from error
    return folder if folder is not None and folder.is_dir() else None
