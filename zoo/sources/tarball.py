"""Files of a tar archive, by their place: no path of the archive is used as a path here, and no link is followed."""

import posixpath
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import IO

from zoo.errors import near
from zoo.sources.failure import SourceFailedError

#: Bytes beyond which an unpacked archive is refused: no data set here is larger, and a bomb would be.
LARGEST = 4 * 1024**3
_CHUNK = 1 << 20


def unpack(compressed: IO[bytes], target: Path, label: str) -> None:
    """Write what a stream gives to `target`, which must be a tar archive then. Raises SourceFailedError, TarError, OSError."""
    written = 0
    with target.open("wb") as out:
        while chunk := compressed.read(_CHUNK):
            written += len(chunk)
            if written > LARGEST:
                raise SourceFailedError(f"{label} would grow beyond {LARGEST} bytes: refused")
            out.write(chunk)
    with tarfile.open(target, "r:") as members:
        members.next()


def extract(archive: Path, member: str, target: Path) -> None:
    """Write one regular file of a plain tar archive to `target`. Raises SourceFailedError."""
    state = archive.stat()
    places = _places(archive, state.st_mtime_ns, state.st_size)
    if member not in places:
        raise SourceFailedError(f"{archive.name} holds no file {member!r}{near(member, list(places))}")
    start, size = places[member]
    if start + size > state.st_size:
        raise SourceFailedError(
            f"{member!r} in {archive.name} does not hold the {size} bytes that it declares: refused"
        )
    with archive.open("rb") as stream, target.open("wb") as out:
        stream.seek(start)
        while size and (chunk := stream.read(min(_CHUNK, size))):
            out.write(chunk)
            size -= len(chunk)


def extract_below_top(archive: Path, member: str, target: Path) -> None:
    """Do the same for an archive whose files all lie in one folder, whose name does not count: `package/` in those of npm."""
    state = archive.stat()
    tops = {name.partition("/")[0] for name in _places(archive, state.st_mtime_ns, state.st_size)}
    if len(tops) != 1:
        raise SourceFailedError(f"{archive.name} holds files in {len(tops)} folders at its top, expected one")
    extract(archive, f"{tops.pop()}/{member}", target)


@lru_cache(maxsize=2)
def _places(archive: Path, mtime_ns: int, size: int) -> dict[str, tuple[int, int]]:
    """Return where each regular file of a tar archive begins, and its size, in bytes."""
    try:
        with tarfile.open(archive, "r:") as members:
            plain = [member for member in members if member.isreg() and not member.issparse()]
    except (tarfile.TarError, EOFError) as error:
        raise SourceFailedError(f"{archive.name} is not a sound tar archive ({error})") from error
    return {posixpath.normpath(member.name): (member.offset_data, member.size) for member in plain}
