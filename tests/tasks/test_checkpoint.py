"""Checkpoints: beside their place, without code in them, and a log that tells of the same epochs."""

import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.callbacks.checkpoint import seed_for
from tasks.callbacks.checkpoint_file import CheckpointFile
from tasks.callbacks.metrics_log import MetricsLog
from zoo.errors import ZooError


class Trap:
    """An object whose unpickling leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.mark,)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    for content in (pickle.dumps(Trap(tmp_path / "trapped"), 2), None):
        if content is None:
            torch.save({"state_dict": {}, "callbacks": Trap(tmp_path / "trapped")}, path)
        else:
            path.write_bytes(content)
        with pytest.raises(ZooError, match="could run code; it was not opened|is damaged"):
            CheckpointFile().load_checkpoint(path, weights_only=False)
    assert not (tmp_path / "trapped").exists()
    torch.save({"epoch": 1}, path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ZooError, match="last.ckpt is damaged .*; remove it: the run then begins anew"):
        CheckpointFile().load_checkpoint(path)


def test_a_checkpoint_needs_no_room_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    CheckpointFile().save_checkpoint({"epoch": 1, "weight": torch.ones(3)}, tmp_path / "last.ckpt")
    (tmp_path / "any").touch()
    assert (tmp_path / "last.ckpt").stat().st_mode == (tmp_path / "any").stat().st_mode
    assert torch.equal(CheckpointFile().load_checkpoint(tmp_path / "last.ckpt")["weight"], torch.ones(3))


def test_the_log_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole, first, second = (MetricsLog(str(tmp_path / name)) for name in ("whole", "cut", "cut"))
    for epoch in range(3):
        for log in (whole, first) if epoch < 2 else (whole,):
            log.log_metrics({"train/loss": 1 / 3 - epoch, "epoch": epoch}, step=2 * epoch)
            log.log_metrics({"val/map": 0.1 * epoch, "epoch": epoch}, step=2 * epoch + 1)
    first.finalize("failed")  # in the second epoch, of which there is no checkpoint
    second.recall(0)
    assert len(second.rows) == 2
    second.rows += whole.rows[2:]
    for log in (whole, second):
        log.write()
    assert (tmp_path / "cut/metrics.csv").read_bytes() == (tmp_path / "whole/metrics.csv").read_bytes()
    MetricsLog(str(tmp_path / "none")).write()
    assert not (tmp_path / "none").exists()


def test_large_seeds_differ_too() -> None:
    drawn = []
    for seed, epoch in ((0, -1), (0, 0), (123456, 0), (123456, 1)):
        seed_for(seed, epoch)
        drawn.append(float(torch.rand(())))
    assert len(set(drawn)) == 4
