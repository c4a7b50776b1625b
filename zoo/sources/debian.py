"""Files inside a Debian package (`debian://package==version/path`): apt fetches and verifies it, just that file is taken out.

apt-get does the fetching so that its configuration holds: mirrors, proxies, and the signatures that vouch for the
package. What the package would install is kept as one tar archive in the cache; nothing is installed, no script of it
runs. A package is an `ar` archive, see deb(5).
"""

import gzip
import lzma
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any

from zoo.errors import near
from zoo.sources.address import Address
from zoo.sources.cache import Cache, Entry
from zoo.sources.digest import digest
from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.offline import require_network
from zoo.sources.progress import Voice

#: Bytes beyond which an unpacked package is refused: no data set here is larger, and a bomb would be.
LARGEST = 4 * 1024**3
_CHUNK = 1 << 20
#: How the contents may be compressed. A plain tar is followed by at most a byte of padding, which readers skip.
_OPENERS: dict[str, Callable[[Any], Any]] = {".xz": lzma.open, ".gz": gzip.open, "": lambda stream: stream}


def take_from_package(address: Address, part: Path, cache: Cache, voice: Voice) -> None:
    """Write the file that the address names to `part`, from the cached package or one that apt-get fetches now."""
    name = f"{address.root}=={address.revision}"
    package = Address(f"deb://{name}/{name}.tar", "deb", address.root, address.revision)
    entry = cache.find(package)
    if entry is None:
        with cache.lock(package, voice.tell):
            entry = cache.find(package) or _keep_package(package, cache, voice)
    with cache_guard(cache.root):
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(_read(entry.path, address.path))


def _read(archive: Path, member: str) -> bytes:
    """Return one file of a tar archive, read by its place; no path of the archive is used as a path here."""
    state = archive.stat()
    places = _places(archive, state.st_mtime_ns, state.st_size)
    if member not in places:
        raise SourceFailedError(f"{archive.name} holds no file {member!r}{near(member, list(places))}")
    start, size = places[member]
    with archive.open("rb") as stream:
        stream.seek(start)
        return stream.read(size)


@lru_cache(maxsize=2)
def _places(archive: Path, mtime_ns: int, size: int) -> dict[str, tuple[int, int]]:
    """Return where each regular file of a tar archive begins, and its size, in bytes."""
    with tarfile.open(archive, "r:") as members:
        return {m.name.removeprefix("./"): (m.offset_data, m.size) for m in members if m.isreg()}


def _keep_package(package: Address, cache: Cache, voice: Voice) -> Entry:
    """Let apt-get fetch the package into a folder of its own in the partial folder, and keep its contents in the cache."""
    require_network("debian")
    partial = cache.root / "partial"
    with cache_guard(cache.root):
        partial.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=partial, prefix="apt-"))
    try:
        _run_apt(f"{package.root}={package.revision}", folder, voice)
        found = sorted(folder.glob("*.deb"))
        if len(found) != 1:
            raise SourceFailedError(f"apt-get brought {len(found)} packages for {package.root}={package.revision}")
        contents = folder / "contents.tar"
        with cache_guard(cache.root):
            unpack(found[0], contents)
        return cache.keep(package, contents, digest(contents), None)
    finally:
        shutil.rmtree(folder)


def _run_apt(requirement: str, folder: Path, voice: Voice) -> None:
    if shutil.which("apt-get") is None:
        raise SourceFailedError("apt-get is not on this machine; fetch the package on a Debian and set ZOO_MIRROR")
    voice.tell(f"fetching the Debian package {requirement} with apt-get")
    command = ["apt-get", "download", "-q", "--", requirement]
    done = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}
    )
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()[-3:]
        raise SourceFailedError(f"apt-get: {' / '.join(told)}; `apt-get update` renews its lists")


def unpack(deb: Path, target: Path) -> None:
    """Write what a package would install to `target`, as a plain tar archive. Raises SourceFailedError."""
    try:
        with deb.open("rb") as stream:
            name = _member(stream, "data.tar")
            kind = name.removeprefix("data.tar")
            if kind not in _OPENERS:
                raise SourceFailedError(f"{deb.name} is compressed as {kind!r}; known are {', '.join(_OPENERS)}")
            with target.open("wb") as out:
                _copy(_OPENERS[kind](stream), out, LARGEST, deb.name)
        with tarfile.open(target, "r:") as members:
            members.next()
    except (lzma.LZMAError, zlib.error, tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's trouble, not the archive's
        raise SourceFailedError(f"{deb.name} is not a sound Debian package ({error})") from error


def _member(stream: IO[bytes], start: str) -> str:
    """Move to the contents of the first member of an ar archive whose name begins so; return its name."""
    if stream.read(8) != b"!<arch>\n":
        raise ValueError("it does not begin as an ar archive")
    while head := stream.read(60):
        name, size = head[:16].decode().strip().rstrip("/"), int(head[48:58])
        if name.startswith(start):
            return name
        stream.seek(size + size % 2, os.SEEK_CUR)
    raise ValueError(f"it holds no {start}")


def _copy(source: IO[bytes], target: IO[bytes], largest: int, label: str) -> None:
    written = 0
    while chunk := source.read(_CHUNK):
        written += len(chunk)
        if written > largest:
            raise SourceFailedError(f"{label} would grow beyond {largest} bytes: refused")
        target.write(chunk)
