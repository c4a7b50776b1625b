"""ZOO_MIRROR and file://: first, in place, checked, and closed to links and paths that lead out."""

import hashlib
from pathlib import Path

import pytest

from tests.sources.hub_server import HubServer
from zoo.errors import ZooError
from zoo.sources import fetch, fetch_many, mirror_folder

URI = "github://me/data@ea702d7/a/b.csv"
CONTENT = b"1,2\n"
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "mirror"
    file = root / "github" / "me" / "data@ea702d7" / "a" / "b.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    monkeypatch.setenv("ZOO_MIRROR", str(root))
    return root


def test_mirror_first_and_in_place(mirror: Path, tmp_path: Path) -> None:
    found = fetch(["timm://resnet18.a1_in1k", URI], sha256=SHA, size=4)
    assert found.path == mirror / "github/me/data@ea702d7/a/b.csv"
    assert (found.uri, found.origin, found.sha256) == (URI, "mirror", SHA)
    assert not (tmp_path / "cache").exists()


def test_wrong_checksum_in_the_mirror_goes_on_and_is_told(
    mirror: Path, web: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mirror / "github/me/data@ea702d7/a/b.csv").write_bytes(b"1,3\n")
    web.files["/me/data/ea702d7/a/b.csv"] = CONTENT
    monkeypatch.setenv("ZOO_GITHUB", web.url)
    told: list[str] = []
    found = fetch([URI], sha256=SHA, report=told.append)
    assert (found.origin, found.path.read_bytes()) == ("network", CONTENT)
    assert f"{URI} (local folder): wrong checksum" in told[0]
    assert (mirror / "github/me/data@ea702d7/a/b.csv").exists()  # a mirror is not ours to clean


def test_a_link_out_of_the_mirror_is_refused(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(CONTENT)
    (mirror / "github/me/data@ea702d7/a/b.csv").unlink()
    (mirror / "github/me/data@ea702d7/a/b.csv").symlink_to(secret)
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(ZooError, match="a link that leads out of the mirror"):
        fetch([URI], sha256=SHA)
    with pytest.raises(ZooError, match="a link that leads out of the mirror"):
        fetch_many("github://me/data@ea702d7/a", {"b.csv": SHA})
    (mirror / "github/me/linked@ea702d7").symlink_to(tmp_path)
    with pytest.raises(ZooError, match="leads out of the mirror"):
        mirror_folder("github://me/linked@ea702d7")


def test_a_link_inside_the_mirror_is_followed(mirror: Path) -> None:
    (mirror / "github/me/data@v1").symlink_to(mirror / "github/me/data@ea702d7")
    assert fetch(["github://me/data@v1/a/b.csv"], sha256=SHA).origin == "mirror"


def test_a_mirror_that_is_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "nothing"))
    with pytest.raises(ZooError, match=r"ZOO_MIRROR=.*nothing' is not a folder"):
        fetch([URI])


def test_mirror_folder(mirror: Path, tmp_path: Path) -> None:
    assert mirror_folder("github://me/data@ea702d7") == mirror / "github/me/data@ea702d7"
    assert mirror_folder("github://me/data@ea702d7/a/") == mirror / "github/me/data@ea702d7/a"
    assert mirror_folder("github://me/other@ea702d7") is None
    assert mirror_folder(URI) is None
    assert mirror_folder(f"file://{tmp_path}/mirror") == mirror


def test_file_in_place(tmp_path: Path) -> None:
    file = tmp_path / "a b.csv"
    file.write_bytes(CONTENT)
    found = fetch([f"file://{tmp_path}/a%20b.csv"], sha256=SHA)
    assert (found.path, found.origin) == (file, "file")
    with pytest.raises(ZooError, match="wrong checksum"):
        fetch([f"file://{tmp_path}/a%20b.csv"], sha256="0" * 64)
    assert file.exists()


def test_sources_must_be_a_list() -> None:
    with pytest.raises(ZooError, match="must be a list"):
        fetch(URI)
    with pytest.raises(ZooError, match="must be a list"):
        fetch([])
    with pytest.raises(ZooError, match=r"'abc' .* is not 64 hexadecimal digits"):
        fetch([URI], sha256="abc")
