"""The cache: re-hashed only when touched, listed by last use, pruned by age and pattern."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from tests.sources.conftest import files_below
from zoo.files.paths import cache_root
from zoo.sources import cache as module
from zoo.sources.address import Address, parse
from zoo.sources.cache import Cache


def keep(cache: Cache, uri: str, content: bytes) -> Address:
    address = parse(uri)
    part = cache.partial(address)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content)
    cache.keep(address, part, hashlib.sha256(content).hexdigest(), "c0ffee")
    return address


def test_kept_and_found(cache: Cache) -> None:
    address = keep(cache, "github://a/b@c/d/e.bin", b"123")
    entry = cache.find(address)
    assert entry is not None
    assert entry.path == cache.root / "files/github/a/b@c/d/e.bin"
    assert (entry.facts.bytes, entry.facts.revision, entry.facts.uri) == (3, "c0ffee", address.uri)
    assert cache.find(parse("github://a/b@c/d/other")) is None


def test_hashed_again_only_when_touched(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    address = keep(cache, "github://a/b@c/d", b"123")
    hashed: list[Path] = []
    real = module.digest
    monkeypatch.setattr(module, "digest", lambda path: hashed.append(path) or real(path))
    cache.find(address)
    assert hashed == []
    os.utime(cache.path(address), (1, 1))
    assert cache.find(address) is not None
    assert cache.find(address) is not None
    assert len(hashed) == 1


@pytest.mark.parametrize("content", [b"124", b"1234", b""])
def test_changed_bytes_are_removed(cache: Cache, content: bytes) -> None:
    address = keep(cache, "github://a/b@c/d", b"123")
    cache.path(address).write_bytes(content)
    os.utime(cache.path(address), (1, 1))
    assert cache.find(address) is None
    assert not cache.path(address).exists()


@pytest.mark.parametrize("facts", ["", "{", "{}", "[]", '{"uri": 1}'])
def test_a_file_without_sound_facts_is_none(cache: Cache, facts: str) -> None:
    address = keep(cache, "github://a/b@c/d", b"123")
    (cache.root / "facts/github/a/b@c/d.json").write_text(facts)
    assert cache.find(address) is None


def test_listing_by_last_use_and_pruning(cache: Cache) -> None:
    first, second = keep(cache, "github://a/b@c/d", b"1"), keep(cache, "hf://a/b@main/d.json", b"22")
    wheel = keep(cache, "github://a/b@c/e", b"333")
    old = time.time() - 1000
    os.utime(cache.root / "facts/github/a/b@c/d.json", (old, old))
    os.utime(cache.root / "facts/hf/a/b@main/d.json.json", (old + 1, old + 1))
    assert [(entry.facts.uri, entry.facts.bytes) for entry in cache.entries()][:2] == [(first.uri, 1), (second.uri, 2)]
    assert [entry.facts.uri for entry in cache.prune(older_than=500, pattern="github://*")] == [first.uri]
    cache.find(second)  # used now
    assert cache.prune(older_than=500) == []
    assert {entry.facts.uri for entry in cache.prune()} == {second.uri, wheel.uri}
    assert files_below(cache.root) == []
    assert cache.prune() == []


def test_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("ZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_root() == tmp_path / "zoo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_root() == tmp_path / ".cache" / "zoo"
