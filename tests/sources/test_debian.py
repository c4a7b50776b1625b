"""debian://: files of packages that a stand-in for apt-get delivers, and packages that are not sound."""

import io
import lzma
import tarfile
from pathlib import Path

import pytest

from tests.sources.conftest import leftovers
from zoo.errors import ZooError
from zoo.sources import fetch, fetch_many
from zoo.sources.cache import Cache

FILES = {"./usr/share/sounds/a.wav": b"RIFF", "./usr/share/doc/it's.txt": b"a: Hello.\n"}
URI = "debian://sounds==1.6.1-1/usr/share"


def package(files: dict[str, bytes], kind: str = ".xz") -> bytes:
    """Return a package as deb(5) describes it: an ar archive of a version, control files, and the files to install."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("./usr"))
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("./usr/share/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    data = lzma.compress(packed.getvalue()) if kind == ".xz" else packed.getvalue()
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", f"data.tar{kind}": data}
    parts = [b"!<arch>\n"]
    for name, content in members.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode())
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose package.deb is what `apt-get download sounds=1.6.1-1` brings."""
    script = tmp_path / "apt-get"
    script.write_text(
        f"""#!/bin/sh
[ "$4" = "sounds=1.6.1-1" ] || {{ echo "E: Version '$4' was not found" >&2; exit 100; }}
cp {tmp_path}/package.deb sounds_1.6.1-1_all.deb; echo x >> {tmp_path}/calls
"""
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "package.deb").write_bytes(package(FILES))
    return tmp_path


@pytest.mark.parametrize("kind", [".xz", ""])
def test_files_of_one_package_are_fetched_once(
    apt: Path, cache: Cache, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (apt / "package.deb").write_bytes(package(FILES, kind))
    found = fetch([f"{URI}/sounds/a.wav"])
    assert (found.path.read_bytes(), found.origin) == (b"RIFF", "network")
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    folder = fetch_many(f"{URI}/doc", {"it's.txt": None})
    assert (folder / "it's.txt").read_bytes() == b"a: Hello.\n"
    assert (apt / "calls").read_text() == "x\n"
    assert not list((cache.root / "partial").glob("apt-*"))


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        (f"{URI}/sounds/b.wav", "holds no file 'usr/share/sounds/b.wav'; did you mean usr/share/sounds/a.wav"),
        (f"{URI}/link", "holds no file"),
        ("debian://sounds==2.0/usr", "apt-get: E: Version 'sounds=2.0' was not found; `apt-get update`"),
    ],
)
def test_not_there(apt: Path, cache: Cache, uri: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        fetch([uri])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>", "does not begin as an ar archive"),
        (package(FILES)[:68], "is not a sound Debian package"),
        (package(FILES)[:-40], "is not a sound Debian package"),
        (package(FILES, ".zst"), "compressed as '.zst'"),
    ],
)
def test_packages_that_are_not_sound(apt: Path, cache: Cache, content: bytes, told: str) -> None:
    (apt / "package.deb").write_bytes(content)
    with pytest.raises(ZooError, match=told):
        fetch([f"{URI}/sounds/a.wav"])
    assert leftovers(cache) == []


def test_a_bomb_is_refused(apt: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.sources.tarball.LARGEST", 5000)
    with pytest.raises(ZooError, match="would grow beyond 5000 bytes: refused"):
        fetch([f"{URI}/sounds/a.wav"])


def test_without_apt_and_without_a_network(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ZooError, match="apt-get is not on this machine"):
        fetch([f"{URI}/sounds/a.wav"])
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(ZooError, match="ZOO_OFFLINE=1 forbids the network"):
        fetch([f"{URI}/sounds/a.wav"])
