"""Fetch a file by its list of sources: from a local folder, else from the cache, else from each over the network."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from zoo.errors import ZooError
from zoo.files.paths import cache_root
from zoo.sources.address import Address, parse
from zoo.sources.archive import close_archives, extract
from zoo.sources.cache import Cache
from zoo.sources.debian import DEBIAN
from zoo.sources.digest import check_digest_text, check_facts, check_file, digest
from zoo.sources.failure import SourceFailedError, UndeliveredError, cache_guard
from zoo.sources.hub import take_from_hub
from zoo.sources.mirror import mirror_root, place_in_mirror
from zoo.sources.names import behind_timm, behind_torchvision
from zoo.sources.npm import NPM
from zoo.sources.offline import offline_reason, require_network
from zoo.sources.progress import Report, Voice, to_stderr
from zoo.sources.web import Download, github_url
from zoo.sources.wheel import WHEEL

Origin = Literal["mirror", "file", "cache", "network"]


@dataclass(frozen=True)
class Source:
    """A place to get a file from, with the sha256 and the size (bytes) that what comes from there must have.

    `parts` are files without which this one is of no use, in order: the rest of one that was split, or those it names.
    """

    uri: str
    sha256: str | None = None
    size: int | None = None
    parts: tuple["Source", ...] = ()


@dataclass(frozen=True)
class Fetched:
    """A file that is here now: its path, the source it came from, by which way, its sha256, the commit if known, its parts."""

    path: Path
    uri: str
    origin: Origin
    sha256: str
    revision: str | None
    parts: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What is asked of every source: the expected sha256 and size (bytes) where known, the cache, and whom to tell."""

    sha256: str | None
    size: int | None
    cache: Cache
    voice: Voice
    known_commit: str | None = None  # of the cached file, which need not be fetched again while the hub still has it


def fetch(
    sources: Sequence[str | Source],
    *,
    sha256: str | None = None,
    size: int | None = None,
    report: Report | None = None,
    cache: Path | None = None,
) -> Fetched:
    """Return the file that any of the sources delivers first, checked against sha256 and size (bytes) where given.

    A `Source` brings checks of its own, for files that differ and serve the same purpose; `uri` of what is returned
    tells which it was. All sources are looked for on this machine before the network is used for the first of them.
    Each line of what happens goes to `report` (default: stderr). `cache` is the cache folder (default: ZOO_CACHE).
    A branch of a hub repository (`hf://…@main/…`) without a sha256 is looked up each time; all else is final once here.
    Raises ZooError that lists every source tried and why it failed; the cache then holds nothing half-made.
    """
    if isinstance(sources, str) or not sources:
        raise ZooError(f"sources {sources!r} must be a list with at least one URI")
    store, voice = Cache(cache or cache_root()), Voice(report or to_stderr)
    places = [Source(source, sha256, size) if isinstance(source, str) else source for source in sources]
    return _fetch_whole(places, store, voice)


def _fetch_whole(places: list[Source], store: Cache, voice: Voice) -> Fetched:
    """Return the first of the files that comes with all its parts."""
    while True:
        found = deliver([_asked(place, store, voice) for place in places])
        place = next(place for place in places if place.uri == found.uri)
        try:
            parts = [deliver([_asked(part, store, voice)]) for part in place.parts]
        except UndeliveredError:
            places.remove(place)
            if not places:
                raise
            continue
        for one in (found, *parts):
            _release(one, store, voice)
        return replace(found, parts=tuple(part.path for part in parts))


def _asked(place: Source, store: Cache, voice: Voice) -> tuple[Address, Wanted]:
    return parse(place.uri), Wanted(check_digest_text(place.sha256, place.uri), place.size, store, voice)


def _release(found: Fetched, store: Cache, voice: Voice) -> None:
    """Let a large package go that a file was taken out of just now."""
    address = parse(found.uri)
    if found.origin == "network" and address.scheme in _PACKAGES:
        _PACKAGES[address.scheme].release(address, store, voice)


def deliver(asked: Sequence[tuple[Address, Wanted]]) -> Fetched:
    """Try all addresses in local folders, then in the cache, then over the network; ZooError when none delivers."""
    attempts: list[tuple[str, str]] = []
    for name, way in _WAYS.items():
        for address, wanted in asked:
            try:
                found = way(address, wanted)
            except SourceFailedError as error:
                attempts.append((f"{address.label} ({name})", str(error)))
                wanted.voice.tell(f"{address.label} ({name}): {error}")
            else:
                if found is not None:
                    return found
    raise UndeliveredError(asked[0][0].label, attempts, mirror_root())


def _from_folder(address: Address, wanted: Wanted) -> Fetched | None:
    """Return the file from the mirror, or the one that a file:// address names, in place."""
    local = address.scheme == "file"
    path = address.local if local else place_in_mirror(address)
    if path is None:
        return None
    if not path.is_file():
        raise SourceFailedError(f"{str(path)!r} is not a file")
    sha256 = check_file(path, wanted.sha256, wanted.size)
    return Fetched(path, address.uri, "file" if local else "mirror", sha256, None)


def _from_cache(address: Address, wanted: Wanted) -> Fetched | None:
    """Return the cached file, unless the hub must be asked first whether it is still the current one."""
    if not (address.fixed or wanted.sha256 or offline_reason(address.scheme)):
        return None
    return _cached(address, wanted)


def _from_old_cache(address: Address, wanted: Wanted) -> Fetched | None:
    """Return the cached file of a branch when the hub could not be asked; that it may be outdated is told."""
    found = None if address.fixed or wanted.sha256 else _cached(address, wanted)
    if found is not None:
        wanted.voice.tell(f"{address.label}: using the cached file of commit {found.revision}, which may be outdated")
    return found


def _cached(address: Address, wanted: Wanted) -> Fetched | None:
    """Return the cached file as it is, or None without one; a wrong one raises SourceFailedError."""
    entry = wanted.cache.find(address)
    if entry is None:
        return None
    check_facts(entry.facts.sha256, entry.facts.bytes, wanted.sha256, wanted.size)
    return Fetched(entry.path, address.uri, "cache", entry.facts.sha256, entry.facts.revision)


def _from_network(address: Address, wanted: Wanted) -> Fetched | None:
    """Download the file beside the cache, check it, and only then move it in; one process at a time per address."""
    if address.scheme not in _DOWNLOADS:
        return None
    with wanted.cache.lock(address, wanted.voice.tell):
        known = None
        with suppress(SourceFailedError):  # told before: the cached file is wrong
            known = _cached(address, wanted)
        if known is not None and (address.fixed or wanted.sha256):
            return known  # another process fetched it while this one waited
        known_commit = known.revision if known is not None else None
        part = wanted.cache.partial(address)
        try:
            revision = _download(address, part, replace(wanted, known_commit=known_commit))
        except ZooError:  # the cache cannot be written: a full disk is not left full
            wanted.cache.discard(address)
            raise
        if known is not None and known_commit == revision:
            return known
        sha256 = _checked(address, part, wanted)
        entry = wanted.cache.keep(address, part, sha256, revision)
    return Fetched(entry.path, address.uri, "network", sha256, revision)


def _download(address: Address, part: Path, wanted: Wanted) -> str | None:
    """Write what the address names to `part`, through the archive that holds it where it lies in one."""
    download = _DOWNLOADS[address.scheme]
    if (inside := address.archive) is None:
        return download(address, part, wanted)
    archive, member = inside
    whole = wanted.cache.partial(archive)
    with wanted.cache.lock(archive, wanted.voice.tell):
        revision = download(archive, whole, replace(wanted, size=None, known_commit=None))
        try:
            with cache_guard(wanted.cache.root):
                part.parent.mkdir(parents=True, exist_ok=True)
                extract(whole, member, part)
        finally:
            close_archives()
            wanted.cache.discard(archive)
    return revision


def _checked(address: Address, part: Path, wanted: Wanted) -> str:
    """Return the sha256 of what was downloaded; what is not as expected is deleted."""
    try:
        return check_file(part, wanted.sha256, wanted.size)
    except SourceFailedError:
        wanted.cache.discard(address)
        raise


def _web(address: Address, part: Path, wanted: Wanted) -> None:
    require_network(address.scheme)
    if address.scheme == "http" and wanted.sha256 is None:
        raise SourceFailedError("http:// is not encrypted and is taken only with a sha256")
    Download(address.uri, part, address.label, wanted.size, wanted.voice).run(wanted.cache.root)


def _github(address: Address, part: Path, wanted: Wanted) -> str:
    require_network(address.scheme)
    url = github_url(address.root, address.revision, address.path)
    Download(url, part, address.label, wanted.size, wanted.voice).run(wanted.cache.root)
    return address.revision


def _package(address: Address, part: Path, wanted: Wanted) -> None:
    _PACKAGES[address.scheme].take(address, part, wanted.cache, wanted.voice)


def _hub(address: Address, part: Path, wanted: Wanted) -> str | None:
    return take_from_hub(address, part, wanted.cache.root, wanted.voice, wanted.known_commit)


def _timm(address: Address, part: Path, wanted: Wanted) -> str | None:
    return _hub(behind_timm(address), part, wanted)


def _torchvision(address: Address, part: Path, wanted: Wanted) -> None:
    url, start = behind_torchvision(address)
    _web(url, part, wanted)
    if not digest(part).startswith(start):
        wanted.cache.discard(address)
        raise SourceFailedError(f"wrong checksum: {url.label} should have a sha256 that begins with {start}")


_WAYS: Mapping[str, Callable[[Address, Wanted], Fetched | None]] = {
    "local folder": _from_folder,
    "cache": _from_cache,
    "network": _from_network,
    "cache, not confirmed": _from_old_cache,
}
_PACKAGES = {"pypi": WHEEL, "npm": NPM, "debian": DEBIAN}
_DOWNLOADS: Mapping[str, Callable[[Address, Path, Wanted], str | None]] = {
    "https": _web,
    "http": _web,
    "github": _github,
    **dict.fromkeys(_PACKAGES, _package),
    "hf": _hub,
    "timm": _timm,
    "torchvision": _torchvision,
}
