"""The journal of a prediction: what is done, beside the output, so that it goes on after a kill.

A line of JSON says what the journal is for; then come records, each with its length and checksum, only ever appended.
A record that was cut off is dropped with all behind it.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

FRAME = struct.Struct("<QI")  # bytes, checksum
FORMAT = 2


class Journal:
    """Records beside `out`; opened for a `key`, it holds those that an earlier process left under the same key."""

    def __init__(
        self, out: Path, key: Mapping[str, Any], stamp: object = None, beside: Mapping[str, Any] | None = None
    ) -> None:
        self.path = journal_path(out)
        self.head: dict[str, Any] = {"format": FORMAT, "key": dict(key), "stamp": stamp, "beside": dict(beside or {})}
        #: What was said beside the key when the journal was begun, on which its worth does not depend.
        self.beside: dict[str, Any] = self.head["beside"]
        #: What was different when an earlier journal could not be used, in words; "" when there was none.
        self.changed = ""
        #: Whether the file that is read is still the one that the records were made from, as far as its stamp tells.
        self.same_file = True
        self.start = self.take_up()
        try:
            if self.start == 0:
                self.begin()
            self.file = self.open()
        except OSError as error:
            raise unwritable(self.path, error) from error

    def open(self) -> FileIO:
        """Open the file without a buffer: what is written is with the system, and a full disk is said where it is met."""
        return self.path.open("r+b", buffering=0)

    def begin(self) -> None:
        """Write an empty journal."""
        line = json.dumps(self.head).encode() + b"\n"
        self.path.write_bytes(line)
        self.start = len(line)

    def take_up(self) -> int:
        """Return where the records of an earlier journal for the same key begin; 0 when there is none."""
        head, length = read_head(self.path)
        if not head:
            return 0
        key, before = plain(self.head["key"]), head.get("key", {})
        different = [name for name in {**before, **key} if before.get(name) != key.get(name)]
        if different:
            self.changed = ", ".join(f"{name} {before.get(name)} → {key.get(name)}" for name in different)
            return 0
        self.beside = dict(head.get("beside", {}))
        self.same_file = head.get("stamp") == plain(self.head["stamp"])
        return length

    def records(self) -> Iterator[bytes]:
        """Yield the records in order; what is not whole is cut off, and appending goes on from there."""
        size = self.path.stat().st_size
        self.file.seek(self.start)
        while True:
            whole = self.file.tell()
            frame = self.file.read(FRAME.size)
            length, checksum = FRAME.unpack(frame) if len(frame) == FRAME.size else (-1, 0)
            payload = self.file.read(length) if 0 <= length <= size else b""
            if length < 0 or len(payload) < length or zlib.crc32(payload) != checksum:
                self.file.seek(whole)
                self.file.truncate()
                return
            yield payload

    def append(self, payload: bytes) -> None:
        """Add a record; it is in the hands of the system when this returns."""
        try:
            left = memoryview(FRAME.pack(len(payload), zlib.crc32(payload)) + payload)
            while left:
                left = left[self.file.write(left) :]
        except OSError as error:
            raise unwritable(self.path, error) from error

    def restart(self) -> None:
        """Forget all records."""
        self.file.close()
        self.begin()
        self.file = self.open()
        self.file.seek(self.start)

    def close(self) -> None:
        """Close the file; the records stay."""
        self.file.close()

    def remove(self) -> None:
        """Close the file and remove it: the prediction is finished."""
        self.file.close()
        self.path.unlink(missing_ok=True)


def read_head(path: Path) -> tuple[dict[str, Any], int]:
    """Return the head of the journal at `path` and its length in bytes; an empty one where there is none to be read."""
    try:
        with path.open("rb") as file:
            line = file.readline()
        head = json.loads(line)
    except (OSError, ValueError):
        return {}, 0
    return (head, len(line)) if isinstance(head, dict) and head.get("format") == FORMAT else ({}, 0)


def left_by(out: Path) -> dict[str, Any]:
    """Return the key of the work that was left unfinished for `out`; an empty one where there is none."""
    return dict(read_head(journal_path(out))[0].get("key", {}))


def journal_path(out: Path) -> Path:
    """Return where the journal of an output lies."""
    return out.with_name(f".{out.name}.journal")


def plain(content: Any) -> Any:
    """Return the content as JSON gives it back."""
    return json.loads(json.dumps(content))


def unwritable(path: Path, error: OSError) -> ZooError:
    """Say that a file cannot be written, and how to go on."""
    return ZooError(
        f"cannot write {path}: {error.strerror}; make room or choose another --out; "
        "what is done is kept, and the same command goes on from there"
    )
