"""Packages as sources: an archive that the machine's own client brings whole, and single files taken out of it.

The archive stays in the cache, so that a second file of it costs nothing; one larger than LARGE is let go when all that was
asked for at once has been taken out of it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from zoo import quantities
from zoo.sources.address import Address
from zoo.sources.archive import close_archives
from zoo.sources.cache import Cache, Entry
from zoo.sources.digest import digest
from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.offline import require_network
from zoo.sources.progress import Voice, bar

#: Bytes beyond which an archive is not kept: weights of one model among many others would cost the disk ten times their size.
LARGE = 100_000_000


@dataclass(frozen=True)
class Package:
    """A kind of package: how its archive is called in the cache, who brings it into an empty folder, who reads it.

    `bring` takes the address of a file in it, the folder and whom to tell, and returns the archive; `extract` writes one
    member of the archive to a file. Both raise SourceFailedError.
    """

    archive: str
    ending: str
    bring: Callable[[Address, Path, Voice], Path]
    extract: Callable[[Path, str, Path], None]

    def place(self, address: Address) -> Address:
        """Return the address under which the archive itself is cached."""
        root = address.uri.partition("://")[2].removesuffix(f"/{address.path}")
        uri = f"{self.archive}://{root}/{root.rpartition('/')[2]}{self.ending}"
        return Address(uri=uri, scheme=self.archive, root=address.root, revision=address.revision)

    def take(self, address: Address, part: Path, cache: Cache, voice: Voice) -> None:
        """Write the member that the address names to `part`, from the cached archive or one that is brought now."""
        archive = self._archive(address, cache, voice)
        with cache_guard(cache.root):
            part.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.extract(archive.path, address.path, part)
            except SourceFailedError:
                part.unlink(missing_ok=True)
                raise

    def release(self, address: Address, cache: Cache, voice: Voice) -> None:
        """Let the archive of this address go if it is large."""
        entry = cache.find(self.place(address))
        if entry is not None and entry.facts.bytes > LARGE:
            voice.tell(f"{entry.path.name}: {quantities.size(entry.facts.bytes)} are not kept, only what was asked for")
            close_archives()
            with suppress(PermissionError):  # another process is reading it, on a system that forbids this then
                cache.forget(self.place(address))

    def _archive(self, address: Address, cache: Cache, voice: Voice) -> Entry:
        place = self.place(address)
        entry = cache.find(place)
        if entry is not None:
            return entry
        with cache.lock(place, voice.tell):
            return cache.find(place) or self._keep(address, cache, voice)

    def _keep(self, address: Address, cache: Cache, voice: Voice) -> Entry:
        """Have the archive brought into a folder of its own in the partial folder, and keep it in the cache."""
        require_network(address.scheme)
        partial = cache.root / "partial"
        with cache_guard(cache.root):
            partial.mkdir(parents=True, exist_ok=True)
            folder = Path(mkdtemp(dir=partial, prefix=f"{self.archive}-"))
        try:
            with cache_guard(cache.root):
                brought = self.bring(address, folder, voice)
            return cache.keep(self.place(address), brought, digest(brought), None)
        finally:
            shutil.rmtree(folder)


def run(command: Sequence[str], label: str, voice: Voice, folder: Path | None = None) -> str | None:
    """Run a client, with a moving bar where someone can see it; returns what it said of its failure, or None.

    It runs where the user is, so that relative paths of its configuration hold, or in `folder` if it writes where it runs.
    """
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "PIP_NO_COLOR": "1", "LC_ALL": "C"}
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        if voice.draws(None):
            with bar(label, None, in_bytes=True):
                _, errors = process.communicate()
        else:
            _, errors = process.communicate()
    return (errors.strip() or f"exit code {process.returncode}") if process.returncode else None


def only(found: Sequence[Path], client: str, name: str) -> Path:
    """Return the one archive that a client brought, or refuse none and several."""
    if len(found) != 1:
        raise SourceFailedError(f"{client} brought {len(found)} archives for {name}")
    return found[0]
