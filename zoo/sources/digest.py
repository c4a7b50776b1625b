"""The sha256 of a file, read as a stream."""

import hashlib
import re
from pathlib import Path

from zoo.errors import ZooError
from zoo.sources.failure import SourceFailedError


def digest(path: Path) -> str:
    """Return the sha256 of the file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digest_text(sha256: str | None, owner: str) -> str | None:
    """Return the expected sha256 in lower case; ZooError when it is not 64 hexadecimal digits."""
    if sha256 is None:
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise ZooError(f"sha256 {sha256!r} of {owner!r} is not 64 hexadecimal digits; `sha256sum FILE` prints it")
    return sha256.lower()


def check_file(path: Path, sha256: str | None, size: int | None) -> str:
    """Return the file's sha256 when it and the size (bytes) are the expected ones, else raise SourceFailedError."""
    actual_size = path.stat().st_size
    check_facts(None, actual_size, None, size)  # a wrong size is known before the file is read
    actual = digest(path)
    check_facts(actual, actual_size, sha256, size)
    return actual


def check_facts(actual: str | None, actual_size: int, sha256: str | None, size: int | None) -> None:
    """Raise SourceFailedError when an expected size (bytes) or sha256 differs from the actual one."""
    if size is not None and actual_size != size:
        raise SourceFailedError(f"wrong size: {actual_size} bytes, expected {size}")
    if sha256 is not None and actual != sha256:
        raise SourceFailedError(f"wrong checksum: sha256 {actual}, expected {sha256}")
