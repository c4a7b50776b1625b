"""pypi://: members of wheels that the real pip fetches from a folder on this machine, and archives that attack."""

import hashlib
import os
import shutil
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.sources.conftest import leftovers
from zoo.errors import ZooError
from zoo.sources import fetch, fetch_many
from zoo.sources.address import parse
from zoo.sources.cache import Cache

FILES = {
    "tiny/data/a.csv": b"1,2\n",
    "tiny/data/b.bin": bytes(range(256)) * 100,
    "tiny/__init__.py": b"raise SystemExit\n",
}


def build_wheel(folder: Path, name: str, requires: str = "") -> Path:
    """Write a wheel of version 1.0 with FILES in it, and with this line in its metadata."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"
    info = f"{name}-1.0.dist-info"
    members = FILES | {
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for member, content in members.items():
            bundle.writestr(member, content)
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two wheels as pip's only index; one has metadata that violate the standard."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    build_wheel(folder, "tiny")
    build_wheel(folder, "odd", "Requires-Dist: gdal (>=3.0.2geopandas>=0.7.0)\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.parametrize("name", ["tiny", "odd"])
def test_a_member_then_another_without_pip(
    index: Path, cache: Cache, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    content = FILES["tiny/data/b.bin"]
    found = fetch(
        [f"pypi://{name}==1.0/tiny/data/b.bin"], sha256=hashlib.sha256(content).hexdigest(), report=told.append
    )
    assert (found.path.read_bytes(), found.origin) == (content, "network")
    strict = int(version("pip").split(".")[0]) >= 24  # older ones take such metadata themselves
    assert any("metadata is not valid" in line for line in told) == (name == "odd" and strict)
    shutil.rmtree(index)
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    other = fetch([f"pypi://{name}==1.0/tiny/data/a.csv"])
    assert other.path.read_bytes() == FILES["tiny/data/a.csv"]
    assert {entry.facts.uri.split("://")[0] for entry in cache.entries()} == {"pypi", "wheel"}
    assert not list((cache.root / "partial").glob("pip-*"))
    assert not (other.path.parents[1] / "__init__.py").exists()


def test_many_members(index: Path) -> None:
    folder = fetch_many("pypi://tiny==1.0/tiny/data", {"a.csv": None, "b.bin": None})
    assert [(folder / name).read_bytes() for name in ("a.csv", "b.bin")] == [
        FILES["tiny/data/a.csv"],
        FILES["tiny/data/b.bin"],
    ]


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("pypi://tiny==2.0/tiny/data/a.csv", r"pip: ERROR: .*tiny==2.0"),
        ("pypi://nothing==1.0/a", r"pip: ERROR: .*nothing==1.0"),
        ("pypi://tiny==1.0/tiny/data/a.cvs", r"holds no file .*did you mean tiny/data/a.csv"),
        ("pypi://tiny==1.0/tiny", "holds no file"),
    ],
)
def test_not_there(index: Path, cache: Cache, uri: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        fetch([uri])
    assert not [path for path in leftovers(cache) if "wheel" not in path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full exists on Linux")
def test_full_disk(index: Path, cache: Cache) -> None:
    part = cache.partial(parse("pypi://tiny==1.0/tiny/data/b.bin"))
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(ZooError, match="no space left in the cache folder"):
        fetch(["pypi://tiny==1.0/tiny/data/b.bin"])
    assert not os.path.lexists(part)


def test_offline_without_the_wheel(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(ZooError, match="ZOO_OFFLINE=1 forbids the network"):
        fetch(["pypi://tiny==1.0/tiny/data/a.csv"])


def test_without_pip(index: Path, tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(ZooError, match="pip is missing in this Python; install it with `python -m ensurepip`"):
        fetch(["pypi://tiny==1.0/tiny/data/a.csv"])
    assert leftovers(cache) == []
