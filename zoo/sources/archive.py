"""One member taken out of a zip archive, without trusting what the archive says of itself."""

import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import IO

from zoo.errors import near
from zoo.sources.failure import SourceFailedError

LARGEST_RATIO = 200  # of a large member to its compressed bytes; weights reach 2, text 20, deflate at its best 1032
LARGE_MEMBER = 100_000_000  # bytes; below this a blank mask may well compress better
_CHUNK = 1 << 20


def extract(archive: Path, member: str, target: Path) -> None:
    """Write one member to `target`; one that is missing, a bomb, or other than it declares is refused.

    No path of the archive is ever used as a path here. Raises SourceFailedError.
    """
    label = f"{member!r} in {archive.name}"
    try:
        state = archive.stat()
        bundle = _opened(archive, state.st_mtime_ns, state.st_size)
        info = bundle.NameToInfo.get(member)
        if info is None:
            raise SourceFailedError(f"{archive.name} holds no file {member!r}{near(member, bundle.namelist())}")
        if info.is_dir() or info.flag_bits & 1:
            raise SourceFailedError(f"{label} is a folder or encrypted")
        if info.file_size > max(LARGE_MEMBER, info.compress_size * LARGEST_RATIO):
            raise SourceFailedError(f"{label} would grow from {info.compress_size} to {info.file_size} bytes: refused")
        with bundle.open(info) as source, target.open("wb") as stream:
            _copy(source, stream, info.file_size, label)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise SourceFailedError(f"{archive.name} is not a sound zip archive ({error})") from error


def close_archives() -> None:
    """Close the archive that is held open for further members, so that it can be removed."""
    _opened.cache_clear()


@lru_cache(maxsize=1)
def _opened(archive: Path, mtime_ns: int, size: int) -> zipfile.ZipFile:
    """Return the archive with its directory read, which for thousands of members takes longer than one of them."""
    return zipfile.ZipFile(archive)


def _copy(source: IO[bytes], target: IO[bytes], declared: int, label: str) -> None:
    written = 0
    while written <= declared and (chunk := source.read(_CHUNK)):
        target.write(chunk)
        written += len(chunk)
    if written != declared:
        raise SourceFailedError(f"{label} does not hold the {declared} bytes that it declares: refused")
