"""npm://: files of packages, by a stand-in for npm and straight from a registry on this machine, and packages that lie."""

import base64
import gzip
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.sources.conftest import files_below, leftovers
from tests.sources.hub_server import Fault, HubServer
from zoo.errors import ZooError
from zoo.sources import fetch
from zoo.sources.cache import Cache

URI = "npm://@me/tiny@1.0.0"
FILES = {"models/net.json": b"{}", "models/net.bin": bytes(range(256)) * 40}


def packed(files: dict[str, bytes], top: str = "package", lie: int = 0) -> bytes:
    """Return an archive as npm makes one, with a link and a path that leads out in it; sizes may lie."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo(f"{top}/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        if lie:
            info = tarfile.TarInfo(f"{top}/lie")
            info.size = lie
            archive.addfile(info)
    return gzip.compress(raw.getvalue())


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose package.tgz is what `npm pack @me/tiny@1.0.0` brings."""
    script = tmp_path / "npm"
    script.write_text(
        f"""#!/bin/sh
for last; do :; done
[ "$1" = pack ] && [ "$last" = "@me/tiny@1.0.0" ] || {{ echo "npm error code ETARGET
npm error notarget No matching version found for $last." >&2; exit 1; }}
for each; do case "$each" in --pack-destination=*) to="${{each#*=}}";; esac; done
cp {tmp_path}/package.tgz "$to/me-tiny-1.0.0.tgz"; echo x >> {tmp_path}/calls
"""
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "package.tgz").write_bytes(packed(FILES))
    return tmp_path


@pytest.fixture
def registry(web: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubServer:
    """A registry, on a machine without npm."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{web.url}/npm/")
    publish(web, packed(FILES))
    return web


def publish(web: HubServer, content: bytes, **facts: str) -> None:
    """Put the package there, described as registries do, with these facts instead of the true ones."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    dist = {"tarball": f"{web.url}/files/tiny.tgz", "integrity": integrity} | facts
    web.files["/npm/@me/tiny/1.0.0"] = json.dumps({"dist": dist}).encode()
    web.files["/files/tiny.tgz"] = content


def test_files_of_one_package_are_fetched_once(npm: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fetch([f"{URI}/models/net.bin"])
    assert (found.path.read_bytes(), found.origin) == (FILES["models/net.bin"], "network")
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    assert fetch([f"{URI}/models/net.json"]).path == found.path.with_name("net.json")
    assert (npm / "calls").read_text() == "x\n"
    assert list((cache.root / "partial").glob("tarball-*")) == []


def test_a_mirror_needs_no_npm(npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "mirror/npm/@me/tiny@1.0.0/models/net.bin"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "mirror"))
    assert fetch([f"{URI}/models/net.bin"]).path == place


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        (f"{URI}/models/net.bim", "holds no file 'package/models/net.bim'; did you mean package/models/net.bin"),
        (f"{URI}/link", "holds no file"),
        ("npm://tiny@2.0.0/a", "npm: code ETARGET / notarget No matching version found for tiny@2.0.0"),
        ("npm://tiny@latest/a", "does not read as npm://package@version/path"),
        ("npm://--registry=x@1.0.0/a", "does not read as"),
        (f"{URI}/../a", "lead out"),
    ],
)
def test_not_there(npm: Path, cache: Cache, uri: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        fetch([uri])
    assert not [path for path in leftovers(cache) if "tarball" not in path]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>", "is not a sound npm package"),
        (packed(FILES)[:-40], "is not a sound npm package"),
        (gzip.compress(b"no tar" * 200), "is not a sound npm package"),
        (packed(FILES, lie=1 << 40), "not a sound tar archive|does not hold the"),
    ],
    ids=["a page", "cut", "no archive", "a size that lies"],  # the bytes hold the time at which they were packed
)
def test_packages_that_are_not_sound(npm: Path, content: bytes, told: str) -> None:
    (npm / "package.tgz").write_bytes(content)
    with pytest.raises(ZooError, match=told):
        fetch([f"{URI}/lie"])


def test_a_bomb_is_refused(npm: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.sources.tarball.LARGEST", 5000)
    with pytest.raises(ZooError, match="would grow beyond 5000 bytes: refused"):
        fetch([f"{URI}/models/net.bin"])
    assert leftovers(cache) == []


def test_of_a_large_package_only_what_was_asked_for_is_kept(
    npm: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo.sources.package.LARGE", 5000)
    told: list[str] = []
    fetch([f"{URI}/models/net.bin"], report=told.append)
    assert [entry.facts.uri for entry in cache.entries()] == [f"{URI}/models/net.bin"]
    assert any("are not kept" in line for line in told)
    fetch([f"{URI}/models/net.json"])
    assert (npm / "calls").read_text() == "x\nx\n"


def test_without_npm_the_registry_is_asked(registry: HubServer, cache: Cache) -> None:
    assert fetch([f"{URI}/models/net.bin"]).path.read_bytes() == FILES["models/net.bin"]
    assert files_below(cache.root / "partial") == []


def test_a_cut_connection_goes_on(registry: HubServer, pauses: list[float]) -> None:
    registry.fail(Fault(path="/files/", cut_after=100))
    assert fetch([f"{URI}/models/net.json"]).path.read_bytes() == b"{}"
    assert registry.seen("GET", "/files/")[-1].range == "bytes=100-"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"integrity": "sha512-AAAA"}, "wrong checksum: sha512 of .* the registry says AAAA"),
        ({"integrity": "sha1-AAAA"}, "kind 'sha1' alone"),
        ({"tarball": "file:///etc/passwd"}, "names file:///etc/passwd as the archive, which is not encrypted"),
    ],
)
def test_what_the_registry_says_must_hold(registry: HubServer, cache: Cache, facts: dict[str, str], told: str) -> None:
    publish(registry, packed(FILES), **facts)
    with pytest.raises(ZooError, match=told):
        fetch([f"{URI}/models/net.bin"])
    assert leftovers(cache) == []


def test_a_registry_that_describes_nothing(registry: HubServer) -> None:
    registry.files["/npm/@me/tiny/1.0.0"] = b'{"dist": 3}'
    with pytest.raises(ZooError, match="describes no package with an archive and its checksum"):
        fetch([f"{URI}/models/net.bin"])


def test_without_npm_registry_or_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    monkeypatch.delenv("npm_config_registry", raising=False)
    with pytest.raises(ZooError, match="install npm or set that variable"):
        fetch([f"{URI}/models/net.bin"])
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(ZooError, match="ZOO_OFFLINE=1 forbids the network"):
        fetch([f"{URI}/models/net.bin"])


@pytest.mark.real
@pytest.mark.skipif(shutil.which("npm") is None, reason="without npm a registry must be named")
def test_a_real_package() -> None:
    found = fetch(["npm://is-number@7.0.0/package.json"])
    assert json.loads(found.path.read_text())["name"] == "is-number"
