"""`zoo push`: what goes, what stays, what is refused; and what was pushed comes back by pull."""

import shutil
from pathlib import Path

import pytest

from tests.sources.hub_server import Fault, HubServer
from tests.tools.hub.conftest import Zoo, logged_in
from zoo.runs.run import Run

# huggingface_hub sends parts of large files in a way that httpx has deprecated
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def test_there_and_back(
    hub: HubServer, run: Path, parts: dict[str, bytes], called: Zoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    logged_in(hub, monkeypatch)
    code, out, errors = called("push", str(run), "me/trees", "--private")
    assert code == 0, errors
    repository = hub.repositories["me/trees"]
    assert repository.private
    commit = repository.refs["main"]
    assert {name: blob.content for name, blob in repository.commits[commit].items()} == parts
    assert f"next      zoo pull hf://me/trees@{commit}" in out
    assert called("pull", f"hf://me/trees@{commit}")[0] == 0
    assert (Run.find(f"hf://me/trees@{commit}").folder / "README.md").read_bytes() == parts["README.md"]
    assert called("push", f"hf://me/trees@{commit}", "me/copy", "--dry-run")[0] == 0


def test_a_second_push_replaces_the_whole_run(
    hub: HubServer, run: Path, called: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_in(hub, monkeypatch)
    repository = hub.repository("me/trees")
    repository.put({"plots/old.png": b"old", "LICENSE": b"mine", ".gitattributes": b"* -text\n"})
    assert called("push", str(run), "me/trees")[0] == 0
    names = set(repository.commits[repository.refs["main"]])
    assert "plots/old.png" not in names
    assert {"LICENSE", ".gitattributes", "plots/training.png"} <= names  # what is no part of a run is not ours


def test_a_dry_run_lists_and_asks_nobody(hub: HubServer, run: Path, called: Zoo) -> None:
    code, out, _ = called("push", str(run), "me/trees", "--dry-run")
    assert code == 0
    assert "weights.safetensors" in out
    assert "plots/training.png" in out
    assert "7 files" in out
    assert "not checkpoints, logs" in out
    assert hub.requests == []


def test_nobody_logged_in(hub: HubServer, run: Path, called: Zoo) -> None:
    code, _, errors = called("push", str(run), "me/trees")
    assert (code, "log in with `hf auth login`" in errors) == (2, True), errors
    assert "me/trees" not in hub.repositories


def test_errors_of_the_server_are_waited_for(
    hub: HubServer, run: Path, called: Zoo, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    logged_in(hub, monkeypatch)
    hub.fail(Fault(path="/api/repos/create", method="POST", status=429, headers={"Retry-After": "7"}))
    hub.fail(Fault(path="/api/models/me/trees/commit", method="POST", status=500, times=1))
    code, _, errors = called("push", str(run), "me/trees")
    assert code == 0, errors
    assert 7 in pauses


def test_large_files_refused(hub: HubServer, run: Path, called: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    logged_in(hub, monkeypatch)
    hub.fail(Fault(path="/lfs/", method="PUT", status=403, times=9))
    code, _, errors = called("push", str(run), "me/trees")
    assert (code, "HTTP 403 from me/trees" in errors) == (2, True), errors
    assert list(hub.repositories["me/trees"].commits[hub.repositories["me/trees"].refs["main"]]) == []


def test_offline(hub: HubServer, run: Path, called: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, _, errors = called("push", str(run), "me/trees")
    assert (code, "HF_HUB_OFFLINE=1 forbids the network" in errors) == (2, True)
    assert hub.requests == []


@pytest.mark.parametrize("name", ["metrics.json", "README.md", "weights.safetensors"])
def test_an_unfinished_run(hub: HubServer, run: Path, called: Zoo, name: str) -> None:
    (run / name).unlink()
    code, _, errors = called("push", str(run), "me/trees")
    assert (code, "finished" in errors, hub.requests) == (2, True, [])


@pytest.mark.parametrize("name", ["metrics.json", "plots/training.png", "plots"])
def test_a_symbolic_link(hub: HubServer, run: Path, called: Zoo, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(run / name, elsewhere)
    (run / name).symlink_to(elsewhere)
    code, _, errors = called("push", str(run), "me/trees")
    assert (code, "is a symbolic link" in errors, hub.requests) == (2, True, [])


@pytest.mark.parametrize("name", ["trees", "me/trees/x", "hf://me/trees", "me/../x", "/me"])
def test_names_of_repositories(hub: HubServer, run: Path, called: Zoo, name: str) -> None:
    code, _, errors = called("push", str(run), name)
    assert (code, repr(name) in errors, hub.requests) == (2, True, [])


def test_paths_of_this_machine_are_told(run: Path, called: Zoo) -> None:
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(
        text.replace("  name: satellite", "  root: /home/somebody/images\n  name: satellite")
    )
    code, _, errors = called("push", str(run), "me/trees", "--dry-run")
    assert (code, "data.root=/home/somebody/images" in errors) == (0, True)
