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
FORMAT = 1


class Journal:
    """Records beside `out`; opened for a `key`, it holds those that an earlier process left under the same key."""

    def __init__(self, out: Path, key: Mapping[str, Any], stamp: object = None) -> None:
        self.path = out.with_name(f".{out.name}.journal")
        self.head: dict[str, Any] = {"format": FORMAT, "key": dict(key), "stamp": stamp}
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
        try:
            with self.path.open("rb") as file:
                line = file.readline()
            head = json.loads(line)
        except (OSError, ValueError):
            return 0
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            return 0
        key, before = self.head["key"], head.get("key", {})
        different = [name for name in {**before, **key} if before.get(name) != key.get(name)]
        if different:
            self.changed = ", ".join(f"{name} {before.get(name)} → {key.get(name)}" for name in different)
            return 0
        self.same_file = head.get("stamp") == json.loads(json.dumps(self.head["stamp"]))
        return len(line)

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


def unwritable(path: Path, error: OSError) -> ZooError:
    """Say that a file cannot be written, and how to go on."""
    return ZooError(
        f"cannot write {path}: {error.strerror}; make room or choose another --out; "
        "what is done is kept, and the same command goes on from there"
    )
