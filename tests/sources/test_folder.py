"""Many files below one address: from a mirror as it is, else into the cache, and on from where it stopped."""

import hashlib
from pathlib import Path

import pytest

from tests.sources.hub_server import Fault, HubServer
from zoo.errors import ZooError
from zoo.sources import fetch_many

BASE = "github://me/data@ea702d7/wav"
CONTENT = {f"{n % 3}/{n}.wav": b"%d" % n * 100 for n in range(40)}
FILES = {path: hashlib.sha256(content).hexdigest() for path, content in CONTENT.items()}


@pytest.fixture
def served(web: HubServer, monkeypatch: pytest.MonkeyPatch) -> HubServer:
    web.files |= {f"/me/data/ea702d7/wav/{path}": content for path, content in CONTENT.items()}
    monkeypatch.setenv("ZOO_GITHUB", web.url)
    return web


def fill(folder: Path) -> Path:
    for path, content in CONTENT.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_downloaded_once(served: HubServer) -> None:
    told: list[str] = []
    folder = fetch_many(BASE, FILES, report=told.append)
    assert {path: (folder / path).read_bytes() for path in FILES} == CONTENT
    assert fetch_many(BASE + "/", FILES) == folder
    assert len(served.requests) == len(FILES)
    assert len(told) < 3  # not a line for each file


def test_goes_on_after_a_failure(served: HubServer, pauses: list[float]) -> None:
    served.fail(Fault(path=r"/2\.wav", status=404), Fault(path=r"/3\.wav", status=404))
    with pytest.raises(ZooError, match=r"at least 2 of 40 files below .* are kept") as caught:
        fetch_many(BASE, FILES)
    assert f"{BASE}/2/2.wav (network): HTTP 404" in str(caught.value)
    assert str(caught.value).count("way out") == 1
    before = len(served.requests)
    folder = fetch_many(BASE, FILES)
    assert len(served.requests) - before == 2
    assert {path: (folder / path).read_bytes() for path in FILES} == CONTENT


def test_ends_early_when_nothing_comes(served: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(ZooError, match="ZOO_OFFLINE=1 forbids the network"):
        fetch_many(BASE, FILES)
    assert served.requests == []


def test_a_complete_mirror_is_used_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "mirror/github/me/data@ea702d7/wav")
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "mirror"))
    assert fetch_many(BASE, FILES) == folder


@pytest.mark.parametrize("damage", ["missing", "wrong"])
def test_an_incomplete_mirror_is_completed_in_the_cache(
    served: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    folder = fill(tmp_path / "mirror/github/me/data@ea702d7/wav")
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "mirror"))
    if damage == "missing":
        (folder / "1/1.wav").unlink()
    else:
        (folder / "1/1.wav").write_bytes(b"wrong")
    told: list[str] = []
    made = fetch_many(BASE, FILES, report=told.append)
    assert made != folder
    assert {path: (made / path).read_bytes() for path in FILES} == CONTENT
    assert [asked.path for asked in served.requests] == ["/me/data/ea702d7/wav/1/1.wav"]
    assert "is not complete: '1/1.wav'" in told[0]


def test_a_local_folder(tmp_path: Path) -> None:
    folder = fill(tmp_path / "own")
    assert fetch_many(f"file://{folder}", FILES) == folder
    (folder / "1/1.wav").unlink()
    with pytest.raises(ZooError, match=r"not complete: '1/1.wav' is missing"):
        fetch_many(f"file://{folder}", FILES)
    with pytest.raises(ZooError, match="there is no such folder"):
        fetch_many(f"file://{folder}/nothing", FILES)


def test_odd_arguments() -> None:
    with pytest.raises(ZooError, match="lead out"):
        fetch_many(BASE, {"../a": None})
    with pytest.raises(ZooError, match="64 hexadecimal digits"):
        fetch_many(BASE, {"a": "abc"})
