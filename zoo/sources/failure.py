"""What goes wrong with one source, and the one message when all of them did."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import ZooError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SHUT = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ELOOP}


class SourceFailedError(Exception):
    """One source could not deliver; the text says why, and the next source is tried."""


@contextmanager
def cache_guard(folder: Path) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be written into a ZooError that names the folder and ZOO_CACHE."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ZooError(
                f"no space left in the cache folder {str(folder)!r}; free some with `zoo cache prune`, "
                "or set ZOO_CACHE to a folder on a larger disk"
            ) from error
        if error.errno in _SHUT:
            raise ZooError(
                f"the cache folder {str(folder)!r} cannot be written ({error.strerror}); "
                "set ZOO_CACHE to a folder that you may write to"
            ) from error
        raise


class UndeliveredError(ZooError):
    """No source delivered: `attempts` lists each source tried with the reason why it failed."""

    def __init__(self, label: str, attempts: Sequence[tuple[str, str]], mirror: Path | None) -> None:
        self.attempts = tuple(attempts)
        lines = [f"could not fetch {label!r}; tried:", *(f"  - {where}: {why}" for where, why in attempts)]
        super().__init__("\n".join([*lines, ways_out(mirror)]))


def ways_out(mirror: Path | None) -> str:
    """Return the sentence that says what can be done when nothing could be fetched."""
    place = f"ZOO_MIRROR is {str(mirror)!r}" if mirror else "ZOO_MIRROR is not set"
    return (
        f"way out: check the network; or set ZOO_MIRROR to a folder that holds the file ({place}); or run `zoo bundle` "
        "on a machine with a network and bring the folder here; or give a file:// source"
    )
