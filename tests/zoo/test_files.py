"""Files and folders are whole, or not there, whatever comes between."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import ZooError
from zoo.files import (
    atomic_write,
    cache_text,
    claim_timestamped,
    durable_replace,
    ensure_dir,
    find_abandoned,
    make_timestamped,
    refuse_existing,
    write_json,
)


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    target = tmp_path / "metrics.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(target) as part:
        part.write_text("ne")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_what_killed_processes_left_is_told_from_the_rest(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [tmp_path / f".a[1].{ended.pid}.part.csv{end}" for end in ("", "-wal")]
    others = [
        f".a[1].{os.getpid()}.part.csv",
        ".a[1].b.part.csv",
        f".a1.{ended.pid}.part.csv",
        f".a[1].{ended.pid}.csv",
    ]
    for path in (*left, *(tmp_path / name for name in others)):
        path.touch()
    assert sorted(find_abandoned(tmp_path / others[0])) == left


def test_a_full_disk_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="No space left on device"), atomic_write(tmp_path / "weights") as part:
        part.write_text("half")
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_rename_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    sync, replace = os.fsync, Path.replace

    def synced(number: int) -> None:
        done.append(os.fstat(number).st_ino)
        sync(number)

    def replaced(part: Path, path: Path) -> Path:
        done.append("renamed")
        return replace(part, path)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    with atomic_write(tmp_path / "weights") as part:
        part.write_text("whole")
    assert done == [(tmp_path / "weights").stat().st_ino, "renamed", tmp_path.stat().st_ino]
    done.clear()
    (tmp_path / "part" / "plots").mkdir(parents=True)
    (tmp_path / "part" / "plots" / "a.png").touch()
    (tmp_path / "part" / "gone").symlink_to(tmp_path / "nowhere")
    durable_replace(tmp_path / "part", tmp_path / "run")
    inside = {path.stat().st_ino for path in (tmp_path / "run", tmp_path / "run/plots", tmp_path / "run/plots/a.png")}
    assert set(done[:3]) == inside
    assert done[3:] == ["renamed", tmp_path.stat().st_ino]


def test_a_metric_that_is_not_defined_is_null(tmp_path: Path) -> None:
    write_json(tmp_path / "metrics.json", {"test/iou": float("nan"), "nested": [{"a": float("inf")}, 1.5, "NaN"]})
    read = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert read == {"test/iou": None, "nested": [{"a": None}, 1.5, "NaN"]}


def test_commands_of_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = [make_timestamped(tmp_path / "runs", "-seed0") for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and folder.name.endswith("-seed0") for folder in folders)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ZooError, match="cannot make the folder"):
        make_timestamped(tmp_path / "file" / "runs")
    with pytest.raises(ZooError, match="Not a directory; choose another with --out"):
        ensure_dir(tmp_path / "file" / "out")


def test_a_folder_that_stays_empty_is_nobodys(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), claim_timestamped(tmp_path / "runs"):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with claim_timestamped(tmp_path / "runs") as folder:
        (folder / "config.yaml").touch()
    assert (folder / "config.yaml").exists()


def test_what_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    there = tmp_path / "found.csv"
    there.touch()
    with pytest.raises(ZooError, match=r"--polygons .*found.csv is there already; .* --force"):
        refuse_existing(there, force=False, option="--polygons")
    assert refuse_existing(there, force=True) == there
    assert refuse_existing(tmp_path / "other.csv", force=False)


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    cache_text(tmp_path / "index" / "rows.json", "[]")
    assert (tmp_path / "index" / "rows.json").read_text() == "[]"
    (tmp_path / "file").touch()
    cache_text(tmp_path / "file" / "rows.json", "[]")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "index", "rows.json"]
