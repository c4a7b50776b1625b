"""hf:// with the real client against a hub on this machine: what works, what fails, and what is left after a failure."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sources.conftest import files_below, leftovers
from tests.sources.hub_server import Fault, HubServer
from zoo.errors import ZooError
from zoo.sources import fetch
from zoo.sources.address import parse
from zoo.sources.cache import Cache

SMALL = b'{"classes": 3}\n'
LARGE = bytes(range(256)) * 4000  # 1 MB: served as an LFS object by a redirect to another host
URI = "hf://me/model@main/model.safetensors"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def commit(hub: HubServer) -> str:
    return hub.repository("me/model").put({"model.safetensors": LARGE, "config.json": SMALL})


@pytest.mark.parametrize(("name", "content"), [("model.safetensors", LARGE), ("config.json", SMALL)])
def test_download_then_cache(hub: HubServer, commit: str, name: str, content: bytes) -> None:
    told: list[str] = []
    found = fetch([f"hf://me/model@main/{name}"], sha256=sha(content), size=len(content), report=told.append)
    assert (found.path.read_bytes(), found.origin, found.sha256, found.revision) == (
        content,
        "network",
        sha(content),
        commit,
    )
    assert len(told) == 1
    assert commit in told[0]
    asked = len(hub.requests)
    again = fetch([f"hf://me/model@main/{name}"], sha256=sha(content), report=told.append)
    assert (again.path, again.origin, again.revision) == (found.path, "cache", commit)
    assert len(hub.requests) == asked


def test_dataset_repository(hub: HubServer) -> None:
    hub.repository("datasets/me/data").put({"a.csv": b"1,2\n"})
    assert fetch(["hf://datasets/me/data@main/a.csv"]).path.read_bytes() == b"1,2\n"


def test_cut_in_the_middle_goes_on_from_there(
    hub: HubServer, commit: str, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)  # it goes on after whole chunks
    hub.fail(Fault(path="/cdn/", method="GET", cut_after=300_000))
    assert fetch([URI], sha256=sha(LARGE)).path.read_bytes() == LARGE
    ranges = [asked.range for asked in hub.seen("GET", "/cdn/")]
    assert ranges[0] is None
    assert ranges[1:] == [f"bytes={300_000 // (1 << 16) * (1 << 16)}-"]
    assert [path for path in files_below(cache.root) if path.startswith("partial")] == []


def test_wrong_bytes_are_deleted_and_the_next_source_tried(hub: HubServer, commit: str, cache: Cache) -> None:
    told: list[str] = []
    hub.repository("me/copy").put({"model.safetensors": LARGE})
    hub.fail(Fault(path="/cdn/", method="GET", flip=True))
    found = fetch([URI, "hf://me/copy@main/model.safetensors"], sha256=sha(LARGE), report=told.append)
    assert found.uri == "hf://me/copy@main/model.safetensors"
    assert found.path.read_bytes() == LARGE
    assert any("wrong checksum" in line and URI in line for line in told)
    assert not cache.path(parse(URI)).exists()


def test_wrong_bytes_from_the_only_source(hub: HubServer, commit: str, cache: Cache) -> None:
    with pytest.raises(ZooError, match=f"wrong checksum: sha256 {sha(LARGE)}, expected {sha(SMALL)}"):
        fetch([URI], sha256=sha(SMALL))
    assert leftovers(cache) == []


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("hf://me/nothing@main/a", "there is no me/nothing on http://127.0.0.1:.*hf auth login"),
        ("hf://me/secret@main/a", "there is no me/secret .* or it is private.*hf auth login"),
        ("hf://me/gated@main/a", "me/gated .* is gated: accept its terms .*hf auth login"),
        ("hf://me/model@v9/config.json", "has no revision 'v9'"),
        ("hf://me/model@main/nothing.json", "has no file 'nothing.json' at revision 'main'"),
    ],
)
def test_what_is_not_there(hub: HubServer, commit: str, cache: Cache, uri: str, told: str) -> None:
    hub.repository("me/secret", private=True).put({"a": b"1"})
    hub.repository("me/gated", gated=True).put({"a": b"1"})
    with pytest.raises(ZooError, match=told) as caught:
        fetch([uri])
    assert uri in str(caught.value)
    assert "zoo bundle" in str(caught.value)
    assert leftovers(cache) == []


def test_logged_in(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repository("me/secret", private=True).put({"a": LARGE})
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert fetch(["hf://me/secret@main/a"]).path.read_bytes() == LARGE
    assert all(asked.authorization is None for asked in hub.seen("GET", "/cdn/"))  # the token stays with the hub


@pytest.mark.parametrize("status", [401, 403])
def test_refused(hub: HubServer, commit: str, cache: Cache, status: int) -> None:
    hub.fail(Fault(status=status, headers={"X-Error-Message": "Invalid credentials in Authorization header"}, times=9))
    with pytest.raises(ZooError, match=f"HTTP {status} from me/model .*hf auth login"):
        fetch([URI])
    assert leftovers(cache) == []


def test_too_many_requests_waits_as_asked(hub: HubServer, commit: str, pauses: list[float]) -> None:
    told: list[str] = []
    hub.fail(Fault(status=429, headers={"Retry-After": "7"}, times=2))
    assert fetch([URI], report=told.append).path.read_bytes() == LARGE
    assert pauses == [7, 7]
    assert sum("HTTP 429" in line and "7 s" in line for line in told) == 2


def test_too_many_requests_for_too_long(hub: HubServer, commit: str, pauses: list[float], cache: Cache) -> None:
    hub.fail(Fault(status=429, headers={"Retry-After": "3600"}, times=9))
    with pytest.raises(ZooError, match="HTTP 429; the server asks to wait 3600 s"):
        fetch([URI])
    assert pauses == []
    assert leftovers(cache) == []


def test_server_error_then_success(hub: HubServer, commit: str, pauses: list[float]) -> None:
    hub.fail(Fault(status=500, method="HEAD"), Fault(status=503, method="GET"))
    assert fetch([URI]).path.read_bytes() == LARGE
    assert pauses == [1, 1]


def test_server_error_for_good(hub: HubServer, commit: str, pauses: list[float], cache: Cache) -> None:
    hub.fail(Fault(status=502, times=99))
    with pytest.raises(ZooError, match="HTTP 502, also after 4 attempts"):
        fetch([URI])
    assert pauses == [1, 2, 4]
    assert leftovers(cache) == []


def test_no_server(hub: HubServer, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(ZooError, match=r"no connection .* also after 4 attempts"):
        fetch([URI])


def test_a_server_that_is_no_hub(hub: HubServer) -> None:
    hub.fail(Fault(status=200, times=9))
    with pytest.raises(ZooError, match="it is not a hub"):
        fetch([URI])


def test_moved_branch_is_fetched_anew_and_an_unmoved_one_is_not(hub: HubServer, commit: str) -> None:
    assert fetch([URI]).revision == commit
    bodies = len(hub.seen("GET"))
    assert (fetch([URI]).origin, len(hub.seen("GET"))) == ("cache", bodies)
    moved = hub.repository("me/model").put({"model.safetensors": LARGE[::-1]})
    found = fetch([URI])
    assert (found.origin, found.revision, found.path.read_bytes()) == ("network", moved, LARGE[::-1])
    pinned = fetch([f"hf://me/model@{commit}/model.safetensors"])
    assert (pinned.revision, pinned.path.read_bytes()) == (commit, LARGE)


def test_moved_branch_with_a_checksum_names_both(hub: HubServer, commit: str) -> None:
    hub.repository("me/model").put({"model.safetensors": LARGE[::-1]})
    with pytest.raises(ZooError, match=f"sha256 {sha(LARGE[::-1])}, expected {sha(LARGE)}"):
        fetch([URI], sha256=sha(LARGE))


def test_cached_branch_when_the_hub_is_away_is_used_and_told(hub: HubServer, commit: str, pauses: list[float]) -> None:
    fetch([URI])
    hub.fail(Fault(status=503, times=99))
    told: list[str] = []
    assert fetch([URI], report=told.append).origin == "cache"
    assert any(commit in line and "may be outdated" in line for line in told)


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "ZOO_OFFLINE"])
def test_offline(hub: HubServer, commit: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(ZooError, match=f"{name}=1 forbids the network"):
        fetch([URI])
    assert hub.requests == []
    monkeypatch.delenv(name)
    fetch([URI])
    asked = len(hub.requests)
    monkeypatch.setenv(name, "1")
    assert fetch([URI]).origin == "cache"
    assert len(hub.requests) == asked


def test_what_the_client_has_is_not_downloaded_again(
    hub: HubServer, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import hf_hub_download

    hf_hub_download("me/model", "model.safetensors")
    bodies = len(hub.seen("GET"))
    assert fetch([URI]).path.read_bytes() == LARGE
    assert len(hub.seen("GET")) == bodies
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = fetch([f"hf://me/model@{commit}/model.safetensors"])
    assert (found.path.read_bytes(), found.revision) == (LARGE, commit)


def test_full_disk(hub: HubServer, commit: str, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import file_download

    real = file_download.http_get

    class Full:
        """A file on a disk that has no room left."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

        def write(self, chunk: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(file_download, "http_get", lambda url, stream, **rest: real(url, Full(stream), **rest))
    with pytest.raises(ZooError, match=r"no space left in the cache folder .*zoo cache prune.*ZOO_CACHE") as caught:
        fetch([URI])
    assert str(cache.root) in str(caught.value)
    assert leftovers(cache) == []


@pytest.mark.parametrize("place", [".", "files", "partial", "locks"])
def test_cache_that_cannot_be_written(hub: HubServer, commit: str, cache: Cache, place: str) -> None:
    blocked = cache.root / place
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file where the folder should be")
    with pytest.raises(ZooError, match=r"cannot be written .*ZOO_CACHE") as caught:
        fetch([URI])
    assert str(cache.root) in str(caught.value)


def test_two_processes_download_once(hub: HubServer, commit: str) -> None:
    hub.slow.set()
    program = f"from zoo.sources import fetch; print(fetch([{URI!r}], sha256={sha(LARGE)!r}).origin)"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        for _ in range(2)
    ]
    results = [process.communicate(timeout=50) for process in started]
    assert sorted(out.strip() for out, _ in results) == ["cache", "network"], results
    assert len(hub.seen("GET", "/cdn/")) == 1


def test_import_is_light() -> None:
    heavy = ("torch", "timm", "torchvision", "huggingface_hub", "requests", "rich")
    program = f"import sys, zoo.sources; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert out.stdout.strip() == "[]"
