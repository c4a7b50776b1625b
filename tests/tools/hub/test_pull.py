"""`zoo pull` of runs: whole or not at all, at the commit that was asked for, by two processes at once."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources.hub_server import Fault, HubServer
from tests.tools.hub.conftest import Zoo, pulled_folders
from tools.hub import pull
from zoo.runs.run import Run

ROOT = Path(__file__).parents[3]
Parts = dict[str, bytes]


@pytest.fixture
def commit(hub: HubServer, parts: Parts) -> str:
    return hub.repository("me/trees").put(parts | {".gitattributes": b"* -text\n", "training_args.bin": b"\x80\x04."})


def test_a_run_comes_whole_and_every_tool_finds_it(
    hub: HubServer, commit: str, parts: Parts, called: Zoo, tmp_path: Path
) -> None:
    code, out, errors = called("pull", "hf://me/trees")
    assert code == 0, errors
    folder = tmp_path / "runs" / "hub" / "me--trees" / commit
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == parts  # and not the pickle
    assert "training_args.bin" in errors
    assert f"next      zoo predict runs/hub/me--trees/{commit}" in out
    record = json.loads(folder.with_name(f"{commit}.json").read_text())
    assert (record["repository"], record["commit"], list(record["revisions"])) == ("me/trees", commit, ["main"])
    assert record["files"].keys() == parts.keys()
    for name in ("hf://me/trees", "hf://me/trees@main", f"hf://me/trees@{commit}"):
        assert Run.find(name).folder.resolve() == folder
    assert Run.find("hf://me/trees").load_model().bands == 3
    assert not hub.seen("GET", "training_args.bin")


def test_what_was_not_pulled_is_told(called: Zoo, run: Path) -> None:
    code, _, errors = called("predict", "hf://me/trees@v1", "images")
    assert (code, "`zoo pull hf://me/trees@v1` brings it" in errors) == (2, True)


def test_a_second_pull_of_the_same_commit_downloads_nothing(hub: HubServer, commit: str, called: Zoo) -> None:
    called("pull", "hf://me/trees")
    asked = len(hub.seen("GET", "/resolve/"))
    hub.repository("me/trees").refs["v1"] = commit
    code, out, _ = called("pull", "hf://me/trees@v1")
    assert (code, "was here already" in out) == (0, True)
    assert len(hub.seen("GET", "/resolve/")) == asked
    assert Run.find("hf://me/trees@v1").folder.name == commit
    assert Run.find("hf://me/trees").folder.name == commit


def test_a_moved_branch_is_another_folder(hub: HubServer, commit: str, called: Zoo, tmp_path: Path) -> None:
    called("pull", "hf://me/trees")
    moved = hub.repository("me/trees").put({"metrics.json": b'{"test/map_50": 0.9}'})
    assert called("pull", "hf://me/trees")[0] == 0
    assert Run.find("hf://me/trees").metrics == {"test/map_50": 0.9}
    assert Run.find(f"hf://me/trees@{commit}").metrics["test/map_50"] == 0.5
    assert {folder.name for folder in pulled_folders(tmp_path)} == {commit, moved}


def test_offline_it_is_the_commit_seen_last(
    hub: HubServer, commit: str, called: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, _, errors = called("pull", "hf://me/trees")
    assert (code, "is not on this machine" in errors, "HF_HUB_OFFLINE=1 forbids the network" in errors) == (
        2,
        True,
        True,
    )
    monkeypatch.delenv("HF_HUB_OFFLINE")
    called("pull", "hf://me/trees")
    asked = len(hub.requests)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, out, _ = called("pull", "hf://me/trees")
    assert (code, commit in out, len(hub.requests)) == (0, True, asked)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(path="/cdn/", method="GET", flip=True), "wrong checksum"),
        (Fault(path="resolve/.*/config.yaml", method="GET", flip=True), "wrong checksum: git object"),
        (Fault(path="/api/", status=503, times=99), "HTTP 503, also after 4 attempts"),
        (Fault(path="resolve/.*/fit.json", status=404), "fit.json"),
    ],
)
def test_what_fails_leaves_no_folder_and_goes_on_later(
    hub: HubServer, commit: str, called: Zoo, tmp_path: Path, pauses: list[float], fault: Fault, said: str
) -> None:
    hub.fail(fault)
    code, _, errors = called("pull", "hf://me/trees")
    assert (code, said in errors) == (2, True), errors
    assert pulled_folders(tmp_path) == []
    hub.faults.clear()
    if "git object" in said:
        called("cache", "prune", "--pattern", f"hf://me/trees@{commit}/*")
    assert called("pull", "hf://me/trees")[0] == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hf://me/nothing", "there is no me/nothing"),
        ("hf://me/secret", "or it is private"),
        ("hf://me/trees@v9", "has no revision 'v9'"),
        ("hf://me/empty", "is not a run: it has no config.yaml"),
        ("hf://me/trees@main/config.yaml", "is not the address of a run"),
        ("hf://datasets/me/trees", "is not the address of a run"),
        ("hf://../trees", "does not read as"),
    ],
)
def test_what_is_not_there(hub: HubServer, commit: str, called: Zoo, tmp_path: Path, name: str, said: str) -> None:
    hub.repository("me/secret", private=True)
    hub.repository("me/empty")
    code, _, errors = called("pull", name)
    assert (code, said in errors) == (2, True), errors
    assert pulled_folders(tmp_path) == []


def test_a_full_disk(hub: HubServer, commit: str, called: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pull.shutil, "copyfile", full)
        code, _, errors = called("pull", "hf://me/trees")
        assert (code, "cannot write to runs/hub/me--trees: No space left on device" in errors) == (2, True)
        assert pulled_folders(tmp_path) == []
    with monkeypatch.context() as patch:
        patch.setattr(pull.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
        code, _, errors = called("pull", "hf://me/trees")
        assert (code, "has 1 B left" in errors) == (2, True)


def test_two_processes_at_once(hub: HubServer, commit: str, tmp_path: Path) -> None:
    hub.slow.set()
    command = [sys.executable, "-m", "tools.cli", "pull", "hf://me/trees"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
        )
        for _ in range(2)
    ]
    done = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0, 0], done
    assert len(hub.seen("GET", "/cdn/")) == 1
    assert sum("was here already" in out for out, _ in done) == 1
    assert [folder.name for folder in pulled_folders(tmp_path)] == [commit]
