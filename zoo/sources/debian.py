"""Files inside a Debian package (`debian://package==version/path`): apt fetches and verifies it, just that file is taken out.

apt-get does the fetching so that its configuration holds: mirrors, proxies, and the signatures that vouch for the
package. What the package would install is kept as one tar archive in the cache; nothing is installed, no script of it
runs. A package is an `ar` archive, see deb(5).
"""

import gzip
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from zoo.sources.address import Address
from zoo.sources.failure import SourceFailedError
from zoo.sources.package import Package, only, run
from zoo.sources.progress import Voice
from zoo.sources.tarball import extract, unpack

#: How the contents may be compressed. A plain tar is followed by at most a byte of padding, which readers skip.
_OPENERS: dict[str, Callable[[Any], Any]] = {".xz": lzma.open, ".gz": gzip.open, "": lambda stream: stream}


def _bring(address: Address, folder: Path, voice: Voice) -> Path:
    """Bring the package into the folder, and return what it would install as a plain tar archive."""
    name = f"{address.root}={address.revision}"
    if shutil.which("apt-get") is None:
        raise SourceFailedError("apt-get is not on this machine; fetch the package on a Debian and set ZOO_MIRROR")
    voice.tell(f"fetching the Debian package {name} with apt-get")
    failure = run(["apt-get", "download", "-q", "--", name], f"apt-get: {name}", voice, folder)
    if failure:
        told = [line for line in failure.splitlines() if line.startswith("E:")] or failure.splitlines()[-3:]
        raise SourceFailedError(f"apt-get: {' / '.join(told)}; `apt-get update` renews its lists")
    contents = folder / "contents.tar"
    _unpack_deb(only(sorted(folder.glob("*.deb")), "apt-get", name), contents)
    return contents


def _unpack_deb(deb: Path, target: Path) -> None:
    """Write what a package would install to `target`, as a plain tar archive. Raises SourceFailedError."""
    try:
        with deb.open("rb") as stream:
            name = _member(stream, "data.tar")
            kind = name.removeprefix("data.tar")
            if kind not in _OPENERS:
                raise SourceFailedError(f"{deb.name} is compressed as {kind!r}; known are {', '.join(_OPENERS)}")
            unpack(_OPENERS[kind](stream), target, deb.name)
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


DEBIAN = Package("deb", ".tar", _bring, extract)
