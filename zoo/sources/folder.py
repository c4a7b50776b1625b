"""Many files below one address, as a data set of thousands of recordings needs them: fetched side by side, resumable."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import ZooError
from zoo.files.paths import cache_root
from zoo.sources.address import Address, below, check_path, parse
from zoo.sources.cache import Cache
from zoo.sources.delivery import Source, Wanted, deliver
from zoo.sources.digest import check_digest_text, check_file
from zoo.sources.failure import SourceFailedError, UndeliveredError, cache_guard, ways_out
from zoo.sources.mirror import mirror_folder, mirror_root
from zoo.sources.progress import Report, Voice, bar, to_stderr

_AT_ONCE = 8  # small files wait for the network, not for the processor
_SECONDS = 5.0  # between two lines of progress where there is no terminal
_TOLD = 5  # failures listed in the message


def fetch_many(
    base_uri: str, files: Mapping[str, str | None], *, report: Report | None = None, cache: Path | None = None
) -> Path:
    """Return a local folder that holds all the files, given as path below `base_uri` → sha256 or None.

    A mirror or a `file://` folder that has them all is returned as it is; otherwise the missing ones are downloaded
    into the cache, whose folder is returned. Those that arrived stay there after a failure, so that a second call
    goes on. Raises ZooError with the number of files that failed and the first reasons.
    """
    report = report or to_stderr
    base = parse(base_uri, folder=True)
    wanted = {check_path(path, base_uri): check_digest_text(sha256, path) for path, sha256 in files.items()}
    local = _complete_folder(base, files, report)
    if local is not None:
        return local
    store = Cache(cache or cache_root())
    voice = Voice(report, alone=False)
    jobs = [(below(base, "/".join(path)), Wanted(sha256, None, store, voice)) for path, sha256 in wanted.items()]
    failures = _fetch_all(jobs, base_uri, report)
    if failures:
        reasons = [f"  - {where}: {why}" for error in failures[:_TOLD] for where, why in error.attempts]
        summary = (
            f"could not fetch at least {len(failures)} of {len(files)} files below {base_uri!r}; "
            "those that arrived are kept, and the same command goes on from there:"
        )
        raise ZooError("\n".join([summary, *reasons, ways_out(mirror_root())]))
    return store.path(base)


def fetch_files(sources: Sequence[Source], *, report: Report | None = None, cache: Path | None = None) -> list[Path]:
    """Return where each of the files is after fetching them, those of one folder side by side; sizes are not checked."""
    folders: dict[str, dict[str, str | None]] = {}
    for source in sources:
        base, _, name = source.uri.rpartition("/")
        folders.setdefault(base, {})[name] = source.sha256
    places = {base: fetch_many(base, files, report=report, cache=cache) for base, files in folders.items()}
    return [places[base] / name for base, _, name in (source.uri.rpartition("/") for source in sources)]


def _complete_folder(base: Address, files: Mapping[str, str | None], report: Report) -> Path | None:
    """Return the mirror's folder when it has all the files, else None; ZooError for a `file://` folder that lacks one."""
    folder = mirror_folder(base.uri)
    trouble = "there is no such folder" if folder is None else _trouble(folder, files)
    if trouble is None:
        return folder
    if base.scheme == "file":
        raise ZooError(f"folder {base.uri!r} is not complete: {trouble}")
    if folder is not None:
        report(f"{base.uri}: {str(folder)!r} is not complete: {trouble}")
    return None


def _fetch_all(jobs: list[tuple[Address, Wanted]], label: str, report: Report) -> list[UndeliveredError]:
    """Bring all files into the cache, some at once, and return what failed; a few failures end it early."""
    failures: list[UndeliveredError] = []

    def collect(future: Future[None]) -> None:
        try:
            future.result()
        except UndeliveredError as error:
            failures.append(error)

    with _counted(len(jobs), label, report) as advance, ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for some in (jobs[:1], jobs[1:]):  # what the first one needs, a whole wheel, is then there for the others
                for future in as_completed([pool.submit(_into_cache, *job) for job in some]):
                    collect(future)
                    if len(failures) == _TOLD:
                        return failures
                    advance(1)
        finally:
            pool.shutdown(cancel_futures=True)
    return failures


def _into_cache(address: Address, wanted: Wanted) -> None:
    """Bring one file into the cache; one that a mirror delivers is copied, for the folder must hold them all."""
    found = deliver([(address, wanted)])
    if found.origin in ("cache", "network"):
        return
    part = wanted.cache.partial(address)
    with wanted.cache.lock(address, wanted.voice.tell), cache_guard(wanted.cache.root):
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found.path, part)
        wanted.cache.keep(address, part, check_file(part, found.sha256, None), None)


@contextmanager
def _counted(total: int, label: str, report: Report) -> Iterator[Callable[[int], None]]:
    """Show how many files are there: a bar on a terminal, else a line every few seconds."""
    if sys.stderr.isatty():
        with bar(label, total, in_bytes=False) as advance:
            yield advance
        return
    done, told = 0, time.monotonic()

    def count(step: int) -> None:
        nonlocal done, told
        done += step
        if time.monotonic() - told > _SECONDS:
            told = time.monotonic()
            report(f"{label}: {done} of {total} files")

    yield count


def _trouble(folder: Path, files: Mapping[str, str | None]) -> str | None:
    """Return what is wrong with the first file that the folder lacks or that has another sha256, or None."""
    inside = folder.resolve()
    for path, sha256 in files.items():
        file = folder / path
        if not file.is_file():
            return f"{path!r} is missing"
        if not file.resolve().is_relative_to(inside):
            return f"{path!r} is a link that leads out of the folder"
        try:
            if sha256 is not None:
                check_file(file, sha256.lower(), None)
        except SourceFailedError as error:
            return f"{path!r}: {error}"
    return None
