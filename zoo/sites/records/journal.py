"""The journal: records are appended to a file by one thread, through a bounded queue that never blocks who answers.

A record is acknowledged when the system has it (`write`): a killed process loses none. Batches are brought to the disk
(`fsync`) every `SYNCED` seconds: a power cut loses what is younger. A full disk is waited out, while the queue has room; what
finds it full is lost, counted and said. Each line has its CRC-32; a line that was cut off was not acknowledged.
"""

import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from zoo.errors import ZooError
from zoo.files import ensure_dir
from zoo.sites.records.record import Record

#: Seconds after which what was written is brought to the disk, and between attempts on a disk that is full.
SYNCED, RETRY = 0.2, 0.5
#: Records that wait; records of a file.
CAPACITY, SEGMENT = 10_000, 50_000
FOLDER, ENDING = "journal", ".log"


class Recorder:
    """Takes records from any thread; `put` returns at once."""

    def __init__(self, records: Path, capacity: int = CAPACITY, segment: int = SEGMENT) -> None:
        self.folder = records / FOLDER
        ensure_dir(self.folder, "make room, or choose another site")
        self.capacity, self.segment = capacity, segment
        self.waiting: deque[tuple[bytes, Future[None]]] = deque()
        self.arrived = threading.Condition()
        self.closing = False
        #: Records that found the queue full; what the disk said last, "" when all is well.
        self.lost, self.trouble = 0, ""
        self.file: Segment | None = None
        self.thread = threading.Thread(target=self.work, name="recorder", daemon=True)
        self.thread.start()

    def put(self, record: Record) -> "Future[None] | None":
        """Queue a record; what is returned is done when it is acknowledged; None: the queue is full, and it is lost."""
        line = line_of(record)
        with self.arrived:
            if self.closing or len(self.waiting) >= self.capacity:
                self.lost += 1
                return None
            done: Future[None] = Future()
            self.waiting.append((line, done))
            self.arrived.notify()
        return done

    def work(self) -> None:
        """Write batch after batch until closed and all is written, or the disk stays full while closing."""
        synced = time.monotonic()
        while True:
            with self.arrived:
                if not self.waiting and not self.closing:
                    self.arrived.wait(SYNCED)
                batch = list(self.waiting)
                closing = self.closing
            if batch:
                written = self.written(batch)
                if not written and closing:
                    return
                if not written:
                    time.sleep(RETRY)
            if self.file and (time.monotonic() - synced > SYNCED or closing):
                self.bring_to_disk(self.file)
                synced = time.monotonic()
            if closing and not batch:
                return

    def written(self, batch: list[tuple[bytes, "Future[None]"]]) -> bool:
        """Write a batch and acknowledge it, or keep it and say why it could not be written."""
        try:
            if self.file is None or self.file.count >= self.segment:
                fresh = Segment(self.folder)
                if self.file:
                    self.file.close()
                self.file = fresh
            self.file.append(b"".join(line for line, _ in batch), len(batch))
        except OSError as error:
            self.trouble = f"records cannot be written: {error.strerror}"
            return False
        self.trouble = ""
        with self.arrived:
            for _ in batch:
                self.waiting.popleft()
        for _, done in batch:
            done.set_result(None)
        return True

    def bring_to_disk(self, file: "Segment") -> None:
        """Wait until what was written is on the disk."""
        try:
            os.fsync(file.number)
        except OSError as error:
            self.trouble = f"records cannot be brought to the disk: {error.strerror}"

    def close(self) -> None:
        """Write what waits, and end; ZooError says how many could not be written."""
        with self.arrived:
            self.closing = True
            self.arrived.notify()
        self.thread.join()
        if self.file:
            self.file.close()
        if self.waiting:
            raise ZooError(f"{len(self.waiting)} records were not written: {self.trouble}; free the disk")


class Segment:
    """A file of the journal, held by its writer as long as that lives."""

    def __init__(self, folder: Path) -> None:
        stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}-{os.getpid()}"
        self.path = folder / f"{stamp}{ENDING}"
        self.lock = FileLock(f"{self.path}.lock")
        self.lock.acquire()
        try:
            self.number = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o644)
        except OSError:
            self.release()
            raise
        self.count = self.length = 0

    def append(self, lines: bytes, count: int) -> None:
        """Write lines, all or none."""
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self.number, rest) :]
        except OSError:
            os.ftruncate(self.number, self.length)
            raise
        self.length, self.count = self.length + len(lines), self.count + count

    def close(self) -> None:
        """Let the file go."""
        with suppress(OSError):  # a disk that is full was said already
            os.fsync(self.number)
        os.close(self.number)
        self.release()

    def release(self) -> None:
        """Let the lock go; it goes while it is held, so that who waits for it takes a new one."""
        Path(self.lock.lock_file).unlink(missing_ok=True)
        self.lock.release()


def line_of(record: Record) -> bytes:
    """Return a record as a line that tells whether it is whole."""
    text = record.to_json().encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def lines_in(path: Path) -> Iterator[str]:
    """Yield the records of a file as JSON; a last line that was cut off is none, another that is damaged is refused."""
    content = path.read_bytes()
    whole, _, _ = content.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else (), 1):
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            raise ZooError(f"{path}, line {number}: the record is damaged; take the line out, and what it told is lost")
        yield text.decode()


def segments(records: Path) -> list[Path]:
    """Return the files of the journal, the oldest first."""
    return sorted((records / FOLDER).glob(f"*{ENDING}"))


def is_held(path: Path) -> bool:
    """Tell whether a file has a writer that lives."""
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
    return False
