"""Files of an npm package (`npm://package@version/path`): npm fetches the archive, and just that file is taken out.

npm does the fetching so that its configuration holds: registries by scope, proxies, certificates, credentials. Where there is
no npm, the archive comes straight from the registry that NPM_CONFIG_REGISTRY names, and must have the checksum that the
registry states. It is kept as a plain tar archive; nothing is installed, no script of it runs.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from zoo.sources.address import Address
from zoo.sources.failure import SourceFailedError
from zoo.sources.package import Package, only, run
from zoo.sources.progress import Voice
from zoo.sources.tarball import extract_below_top, unpack
from zoo.sources.web import Download

_NO_REGISTRY = (
    "npm is not on this machine, and NPM_CONFIG_REGISTRY names no registry to fetch from without it; "
    "install npm or set that variable to your registry's address"
)


def _bring(address: Address, folder: Path, voice: Voice) -> Path:
    """Bring the package's archive into the folder, and return it as a plain tar archive."""
    name = f"{address.root}@{address.revision}"
    packed = _pack(name, folder, voice) if shutil.which("npm") else _download(address, folder, voice)
    contents = folder / "contents.tar"
    try:
        with gzip.open(packed) as stream:
            unpack(stream, contents, name)  # type: ignore[arg-type]
    except (zlib.error, tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise SourceFailedError(f"{name} is not a sound npm package ({error})") from error
    packed.unlink()
    return contents


def _pack(name: str, folder: Path, voice: Voice) -> Path:
    voice.tell(f"fetching the package {name} with npm")
    options = ["--ignore-scripts", "--loglevel=error", "--no-update-notifier", f"--cache={folder / 'npm'}"]
    npm = shutil.which("npm") or "npm"  # with its ending, which Windows asks for
    failure = run([npm, "pack", *options, f"--pack-destination={folder}", "--", name], f"npm: {name}", voice)
    if failure:
        told = [re.sub(r"^npm (error|ERR!) ?", "", line).strip() for line in failure.splitlines()]
        raise SourceFailedError("npm: " + " / ".join([line for line in told if line][:3]))
    return only(sorted(folder.glob("*.tgz")), "npm", name)


def _download(address: Address, folder: Path, voice: Voice) -> Path:
    """Fetch the archive as the registry describes it. Raises SourceFailedError for one that is not as it says."""
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or os.environ.get("npm_config_registry")  # noqa: SIM112  # npm sets it for its scripts
    if not registry:
        raise SourceFailedError(_NO_REGISTRY)
    about = folder / "about.json"
    url = f"{registry.rstrip('/')}/{quote(address.root, safe='@')}/{quote(address.revision)}"
    Download(url, about, f"{address.root}@{address.revision}", None, voice).run(folder)
    tarball, integrity = _described(about, url)
    packed = folder / "package.tgz"
    Download(tarball, packed, tarball, None, voice).run(folder)
    _check_integrity(packed, integrity, tarball)
    return packed


def _described(about: Path, url: str) -> tuple[str, str]:
    """Return where the registry says that the archive lies, and its checksum, `sha512-…` in base 64."""
    try:
        facts: Any = json.loads(about.read_text(encoding="utf-8"))["dist"]
        tarball, integrity = str(facts["tarball"]), str(facts["integrity"])
    except (ValueError, KeyError, TypeError) as error:
        raise SourceFailedError(f"{url} describes no package with an archive and its checksum ({error!r})") from error
    allowed = ("https",) if url.startswith("https:") else ("https", "http")
    if urlsplit(tarball).scheme not in allowed:
        raise SourceFailedError(f"{url} names {tarball} as the archive, which is not encrypted")
    return tarball, integrity


def _check_integrity(packed: Path, integrity: str, label: str) -> None:
    kind, _, expected = integrity.partition(" ")[0].partition("-")
    if kind not in ("sha512", "sha384", "sha256"):
        raise SourceFailedError(f"{label} has a checksum of kind {kind!r} alone, which vouches for nothing")
    with packed.open("rb") as stream:
        actual = base64.b64encode(hashlib.file_digest(stream, kind).digest()).decode()
    if actual != expected:
        raise SourceFailedError(f"wrong checksum: {kind} of {label} is {actual}, the registry says {expected}")


NPM = Package("tarball", ".tar", _bring, extract_below_top)
