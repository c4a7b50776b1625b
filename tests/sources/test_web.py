"""https:// and github://: resumed, patient, checked; against plain files of a server on this machine."""

import hashlib
import os
import ssl
import urllib.error
from pathlib import Path

import pytest

from tests.sources.conftest import files_below, leftovers
from tests.sources.hub_server import Fault, HubServer
from zoo.errors import ZooError
from zoo.sources import fetch
from zoo.sources.address import parse
from zoo.sources.cache import Cache

CONTENT = bytes(range(256)) * 4000
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def uri(web: HubServer) -> str:
    web.files["/data/a b.bin"] = CONTENT
    return f"{web.url}/data/a%20b.bin"


def test_download_then_cache(web: HubServer, uri: str) -> None:
    found = fetch([uri], sha256=SHA.upper(), size=len(CONTENT))
    assert (found.path.read_bytes(), found.path.name, found.origin, found.sha256) == (
        CONTENT,
        "a b.bin",
        "network",
        SHA,
    )
    assert fetch([uri], sha256=SHA).origin == "cache"
    assert len(web.requests) == 1


def test_cut_twice_goes_on_within_one_call(web: HubServer, uri: str, pauses: list[float]) -> None:
    web.fail(Fault(path="/data/", cut_after=300_000), Fault(path="/data/", cut_after=200_000))
    assert fetch([uri], sha256=SHA).path.read_bytes() == CONTENT
    assert [asked.range for asked in web.requests] == [None, "bytes=300000-", "bytes=500000-"]
    assert pauses == [1, 1]


def test_cut_for_good_goes_on_in_the_next_call(web: HubServer, uri: str, pauses: list[float], cache: Cache) -> None:
    web.fail(Fault(path="/data/", cut_after=400_000), Fault(path="/data/", status=503, times=3))
    with pytest.raises(ZooError, match="HTTP 503"):
        fetch([uri], sha256=SHA)
    assert leftovers(cache) == []
    assert not cache.path(parse(uri)).exists()
    told: list[str] = []
    assert fetch([uri], sha256=SHA, report=told.append).path.read_bytes() == CONTENT
    assert web.requests[-1].range == "bytes=400000-"
    assert "400 kB there already" in told[0]
    assert not any(path.startswith("partial") for path in files_below(cache.root))


def test_a_file_that_changed_meanwhile_is_begun_anew(web: HubServer, uri: str, pauses: list[float]) -> None:
    web.fail(Fault(path="/data/", cut_after=400_000), Fault(path="/data/", status=503, times=3))
    with pytest.raises(ZooError):
        fetch([uri], sha256=SHA)
    web.files["/data/a b.bin"] = CONTENT[::-1]
    assert fetch([uri], sha256=hashlib.sha256(CONTENT[::-1]).hexdigest()).path.read_bytes() == CONTENT[::-1]
    assert web.requests[-1].range == "bytes=400000-"  # asked for the rest, and given all


def test_what_is_there_is_longer_than_the_file(web: HubServer, uri: str, pauses: list[float], cache: Cache) -> None:
    part = cache.partial(parse(uri))
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT + b"more")
    part.with_name(part.name + ".etag").write_text(f'"{SHA}"')
    assert fetch([uri], sha256=SHA).path.read_bytes() == CONTENT
    assert [asked.range for asked in web.requests] == [f"bytes={len(CONTENT) + 4}-", None]


def test_too_many_requests(web: HubServer, uri: str, pauses: list[float]) -> None:
    web.fail(Fault(path="/data/", status=429, headers={"Retry-After": "3"}))
    assert fetch([uri], sha256=SHA).origin == "network"
    assert pauses == [3]


def test_a_wait_of_an_hour_is_not_waited(web: HubServer, uri: str, pauses: list[float]) -> None:
    web.fail(Fault(path="/data/", status=429, headers={"Retry-After": "Fri, 31 Dec 2100 00:00:00 GMT"}))
    with pytest.raises(ZooError, match="the server asks to wait"):
        fetch([uri], sha256=SHA)
    assert pauses == []


def test_not_there(web: HubServer, uri: str, pauses: list[float], cache: Cache) -> None:
    with pytest.raises(ZooError, match="HTTP 404"):
        fetch([uri + "x"], sha256=SHA)
    assert pauses == []
    assert leftovers(cache) == []


def test_wrong_size_is_known_before_the_download(web: HubServer, uri: str, cache: Cache) -> None:
    with pytest.raises(ZooError, match=f"the server has {len(CONTENT)} bytes, expected 5"):
        fetch([uri], sha256=SHA, size=5)
    assert leftovers(cache) == []


def test_wrong_bytes(web: HubServer, uri: str, cache: Cache) -> None:
    web.fail(Fault(path="/data/", flip=True))
    with pytest.raises(ZooError, match="wrong checksum"):
        fetch([uri], sha256=SHA)
    assert not [path for path in files_below(cache.root) if not path.startswith("locks")]
    assert fetch([uri], sha256=SHA).path.read_bytes() == CONTENT


def test_every_source_is_named_with_its_reason(web: HubServer, uri: str, pauses: list[float]) -> None:
    web.fail(Fault(path="/data/", flip=True))
    missing = f"{web.url}/nothing"
    with pytest.raises(ZooError) as caught:
        fetch([missing, uri, "file:///nothing/at/all"], sha256=SHA)
    text = str(caught.value)
    for part in (
        f"{missing} (network): HTTP 404",
        f"{uri} (network): wrong checksum",
        "'/nothing/at/all' is not a file",
    ):
        assert part in text


def test_plain_http_needs_a_checksum(web: HubServer, uri: str) -> None:
    with pytest.raises(ZooError, match="only with a sha256"):
        fetch([uri])
    assert web.requests == []


def test_never_from_https_to_http() -> None:
    from urllib.request import Request

    from zoo.sources.failure import SourceFailedError
    from zoo.sources.web import _NoDowngrade

    with pytest.raises(SourceFailedError, match="not encrypted"):
        _NoDowngrade().redirect_request(Request("https://host/a"), None, 302, "", {}, "http://host/a")


def test_an_unknown_certificate_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float], uri: str
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise urllib.error.URLError(ssl.SSLCertVerificationError("self-signed certificate"))

    monkeypatch.setattr("urllib.request.OpenerDirector.open", refuse)
    with pytest.raises(ZooError, match="self-signed certificate"):
        fetch([uri], sha256=SHA)
    assert pauses == []


def test_a_token_in_the_query_is_not_shown(web: HubServer, pauses: list[float]) -> None:
    told: list[str] = []
    with pytest.raises(ZooError) as caught:
        fetch([f"{web.url}/nothing?token=secret"], sha256=SHA, report=told.append)
    assert "secret" not in str(caught.value) + "".join(told)


def test_offline(web: HubServer, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(ZooError, match="ZOO_OFFLINE=1 forbids the network"):
        fetch([uri], sha256=SHA)
    assert web.requests == []


def test_github(web: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.files["/me/data/ea702d7/a/b c.csv"] = b"1,2\n"
    monkeypatch.setenv("ZOO_GITHUB", web.url)
    found = fetch(["github://me/data@ea702d7/a/b c.csv"])
    assert (found.path.read_bytes(), found.revision) == (b"1,2\n", "ea702d7")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full exists on Linux")
def test_full_disk(web: HubServer, uri: str, cache: Cache) -> None:
    part = cache.partial(parse(uri))
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(ZooError, match="no space left in the cache folder") as caught:
        fetch([uri], sha256=SHA)
    assert str(cache.root) in str(caught.value)
    assert not os.path.lexists(part)
    assert leftovers(cache) == []
