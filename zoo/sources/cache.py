"""The cache of fetched files: one file per URI, with its facts beside it, complete or not there at all.

files/<scheme>/…        the files, under names that read like their URI
facts/<scheme>/….json   sha256, bytes, mtime, uri, revision, time of each; its own mtime is the last use
partial/<scheme>/…      what is being downloaded or can be resumed; never looked at as a file
locks/<scheme>/….lock   one process at a time per URI
"""

import fnmatch
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from zoo.files import durable_replace
from zoo.sources.address import Address
from zoo.sources.digest import digest
from zoo.sources.failure import cache_guard


@dataclass(frozen=True)
class Facts:
    """What is known of a cached file; `mtime_ns` and `bytes` tell whether it changed since `sha256` was computed."""

    uri: str
    sha256: str
    bytes: int
    mtime_ns: int
    revision: str | None
    time: float


@dataclass(frozen=True)
class Entry:
    """A cached file: where it is, its facts, and when it was last used (seconds since the epoch)."""

    path: Path
    facts: Facts
    used: float


@dataclass(frozen=True)
class Cache:
    """A cache folder; nothing is created in it before something is kept."""

    root: Path

    def path(self, address: Address) -> Path:
        """Return where the file of this address lies, whether it is there or not."""
        return self.root.joinpath("files", *address.cache_parts)

    def partial(self, address: Address) -> Path:
        """Return where the file grows while it is downloaded."""
        return self._beside("partial", address, ".part")

    def _beside(self, kind: str, address: Address, ending: str) -> Path:
        *folders, name = address.cache_parts
        return self.root.joinpath(kind, *folders, name + ending)

    def find(self, address: Address) -> Entry | None:
        """Return the cached file of this address, re-hashed when it was touched since, or None.

        A file whose bytes are no longer those that were kept is removed.
        """
        path, record = self.path(address), self._beside("facts", address, ".json")
        facts = _read_facts(record)
        if facts is None or not path.is_file():
            return None
        state = path.stat()
        if (state.st_size, state.st_mtime_ns) != (facts.bytes, facts.mtime_ns):
            if state.st_size != facts.bytes or digest(path) != facts.sha256:
                self.forget(address)
                return None
            with suppress(OSError):  # a cache that can only be read is hashed each time
                _write_facts(record, Facts(**{**asdict(facts), "mtime_ns": state.st_mtime_ns}))
        with suppress(OSError):  # the last use cannot be noted in a cache that can only be read
            os.utime(record)
        return Entry(path, facts, time.time())

    def keep(self, address: Address, finished: Path, sha256: str, revision: str | None) -> Entry:
        """Move the finished and checked file to its place in one step, and write its facts."""
        path, record = self.path(address), self._beside("facts", address, ".json")
        with cache_guard(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            record.parent.mkdir(parents=True, exist_ok=True)
            record.unlink(missing_ok=True)  # no facts of an older file beside a newer one, even for a moment
            durable_replace(finished, path)
            state = path.stat()
            facts = Facts(address.uri, sha256, state.st_size, state.st_mtime_ns, revision, time.time())
            _write_facts(record, facts)
        return Entry(path, facts, facts.time)

    def forget(self, address: Address) -> None:
        """Remove the file of this address and its facts."""
        self._beside("facts", address, ".json").unlink(missing_ok=True)
        self.path(address).unlink(missing_ok=True)

    def discard(self, address: Address) -> None:
        """Remove what was downloaded of this address and not kept."""
        with suppress(OSError):  # in a folder that cannot be written there is nothing of it
            self.partial(address).unlink(missing_ok=True)
            self._beside("partial", address, ".part.etag").unlink(missing_ok=True)

    @contextmanager
    def lock(self, address: Address, report: Callable[[str], None]) -> Iterator[None]:
        """Hold the address for this process alone; waiting for another one is told."""
        lock_path = self._beside("locks", address, ".lock")
        with cache_guard(self.root):
            lock_path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(lock_path)
            try:
                lock.acquire(timeout=0.2)
            except Timeout:
                report(f"another process is fetching {address.label}; waiting for it")
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def entries(self) -> list[Entry]:
        """Return all cached files, the least recently used first."""
        found = []
        for record in sorted((self.root / "facts").rglob("*.json")):
            path = self.root / "files" / record.relative_to(self.root / "facts").with_suffix("")
            facts = _read_facts(record)
            if facts is not None and path.is_file():
                found.append(Entry(path, facts, record.stat().st_mtime))
        return sorted(found, key=lambda entry: entry.used)

    def matching(self, *, older_than: float | None = None, pattern: str | None = None) -> list[Entry]:
        """Return the files not used for `older_than` seconds whose URI matches the pattern (`*` and `?`); all without."""
        now = time.time()
        return [
            entry
            for entry in self.entries()
            if (older_than is None or now - entry.used >= older_than)
            and (pattern is None or fnmatch.fnmatchcase(entry.facts.uri, pattern))
        ]

    def prune(self, *, older_than: float | None = None, pattern: str | None = None) -> list[Entry]:
        """Remove the files that `matching` returns, and return them; what was half downloaded goes in any case."""
        gone = self.matching(older_than=older_than, pattern=pattern)
        with cache_guard(self.root):
            for entry in gone:
                record = self.root / "facts" / entry.path.relative_to(self.root / "files")
                record.with_name(record.name + ".json").unlink(missing_ok=True)
                entry.path.unlink(missing_ok=True)
            if (self.root / "partial").is_dir():
                shutil.rmtree(self.root / "partial")
            for kind in ("files", "facts"):
                _drop_empty_folders(self.root / kind)
        return gone


def _drop_empty_folders(top: Path) -> None:
    for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _read_facts(record: Path) -> Facts | None:
    """Return the facts in this file, or None when there are none that can be read: the file is then fetched again."""
    try:
        return Facts(**json.loads(record.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def _write_facts(record: Path, facts: Facts) -> None:
    temporary = record.with_name(f"{record.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(asdict(facts), indent=1) + "\n", encoding="utf-8")
    temporary.replace(record)
