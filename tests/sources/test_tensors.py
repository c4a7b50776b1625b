"""Weight files opened as data: nothing in them runs."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from zoo.errors import ZooError
from zoo.sources import open_weights

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([1, 2])}


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == WEIGHTS.keys() and all(torch.equal(found[name], WEIGHTS[name]) for name in WEIGHTS)


@pytest.mark.parametrize("wrap", [lambda w: w, lambda w: {"state_dict": w, "epoch": 3}, lambda w: {"model": w}])
@pytest.mark.parametrize("ending", ["pth", "pt", "bin"])
def test_pickled(tmp_path: Path, ending: str, wrap: Any) -> None:
    path = tmp_path / f"w.{ending}"
    torch.save(wrap(WEIGHTS), path)
    assert same(open_weights(path))


def test_safetensors(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    assert same(open_weights(tmp_path / "w.safetensors"))


class Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("old_format", [False, True])
def test_a_pickle_that_would_run_code_does_not(tmp_path: Path, old_format: bool) -> None:
    path, proof = tmp_path / "evil.pth", tmp_path / "it_ran"
    torch.save({"a": Attack(proof)}, path, _use_new_zipfile_serialization=not old_format)
    with pytest.raises(ZooError, match=r"could run code, and were not opened .*mkdir.*safetensors") as caught:
        open_weights(path)
    assert str(path) in str(caught.value)
    assert not proof.exists()


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("content", [b"", b"no tensors at all", b"\x00" * 64, b"PK\x03\x04broken"])
def test_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ZooError, match=name):
        open_weights(tmp_path / name)


def test_cut_off(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "w.pth")
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    for name in ("w.pth", "w.safetensors"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(ZooError, match=f"{name}.*fetch them again"):
            open_weights(tmp_path / name)


def test_other_content(tmp_path: Path) -> None:
    torch.save({"a": 1}, tmp_path / "w.pth")
    with pytest.raises(ZooError, match="'a': int"):
        open_weights(tmp_path / "w.pth")
    torch.save([1, 2], tmp_path / "w.pth")
    with pytest.raises(ZooError, match="hold a list"):
        open_weights(tmp_path / "w.pth")
    (tmp_path / "w.npz").write_bytes(b"")
    with pytest.raises(ZooError, match="must end in"):
        open_weights(tmp_path / "w.npz")
    with pytest.raises(ZooError, match="no such file"):
        open_weights(tmp_path / "nothing.pth")
