"""A seal: the checksum of an exported file inside it, by which one that was cut or edited is told.

It stands in the file as `zoo-seal:` and 64 hexadecimal digits; it is taken with zeros in their place, over all files of the
export. It is no signature: who edits a file on purpose can seal it again.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from zoo.errors import ZooError

MARK = b"zoo-seal:"
OPEN = MARK + b"0" * 64
PLACE = re.compile(MARK + rb"([0-9a-f]{64})")


def seal(files: Sequence[Path]) -> None:
    """Close the seal of the first file, which holds an open one, over all."""
    content = files[0].read_bytes()
    if content.count(OPEN) != 1:
        raise ValueError(f"{files[0]} holds {content.count(OPEN)} open seals, and must hold one")
    files[0].write_bytes(content.replace(OPEN, MARK + digest(content, files[1:]).encode()))


def check(files: Sequence[Path]) -> None:
    """Refuse files that are not what they were when they were sealed."""
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise ZooError(f"{files[0]} cannot be opened without {missing[0]}, which is not there; copy both")
    content = files[0].read_bytes()
    found = PLACE.findall(content)
    if not found:
        raise ZooError(
            f"{files[0]} is no export of ours, or was cut: `zoo export RUN --out {files[0].name}` writes one"
        )
    blank = PLACE.sub(OPEN, content)
    if len(found) != 1 or digest(blank, files[1:]).encode() != found[0]:
        raise ZooError(f"{' or '.join(map(str, files))} was cut or edited after its export; copy or export it again")


def digest(content: bytes, others: Sequence[Path]) -> str:
    """Return the sha256 of a content and of the files behind it."""
    found = hashlib.sha256(content)
    for path in others:
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()
