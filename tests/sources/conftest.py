"""A hub on this machine, a cache of its own for each test, and sources that do not make a test wait."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.hub_server import HubServer, serve
from zoo.sources import patience
from zoo.sources.cache import Cache

_VARIABLES = ("ZOO_MIRROR", "ZOO_OFFLINE", "ZOO_GITHUB", "HF_HUB_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """An empty cache that ZOO_CACHE names, with nothing else in the environment that could deliver a file."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(patience, "away", set())
    return Cache(tmp_path / "cache")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses in seconds that a source would have made, which are not made."""
    made: list[float] = []
    monkeypatch.setattr(patience, "pause", made.append)
    return made


@pytest.fixture
def web() -> Iterator[HubServer]:
    """A server of plain files and hub repositories, without any client being told of it."""
    yield from serve()


@pytest.fixture
def hub(web: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubServer:
    """A hub that huggingface_hub's client takes for the real one, with a client cache of its own and nobody logged in.

    Xet is a second protocol with servers of its own; without it the client uses the plain one.
    """
    from huggingface_hub import constants

    home = tmp_path / "hub_home"
    monkeypatch.setenv("HF_ENDPOINT", web.url)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(constants, "ENDPOINT", web.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", web.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return web


def files_below(folder: Path) -> list[str]:
    """Return the files below a folder, relative to it."""
    return sorted(os.path.relpath(path, folder) for path in folder.rglob("*") if path.is_file())


def leftovers(cache: Cache) -> list[str]:
    """Return what a failure left in the cache that is neither a lock nor what a download can go on from."""
    return [
        path
        for path in files_below(cache.root)
        if not path.startswith("locks") and not path.endswith((".part", ".etag"))
    ]
