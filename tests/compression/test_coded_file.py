import json
import random
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.compression.coded_file import LARGEST, MAGIC, is_coded, read, write
from zoo.compression.shared import SharedTensor, share
from zoo.errors import ZooError

pytest.importorskip("constriction", reason="pip install 'task-zoo[compress]' brings the entropy coder")


def drawn(size: int, bits: int, pruned: float, seed: int = 0) -> SharedTensor:
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(size, generator=draw)
    return share(weights * (torch.rand(size, generator=draw) >= pruned), bits)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 300), st.integers(1, 8), st.sampled_from([0.0, 0.5, 0.95, 1.0]), st.integers(0, 99))
def test_what_is_written_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, size: int, bits: int, pruned: float, seed: int
) -> None:
    path = tmp_path_factory.mktemp("coded") / "weights.coded"
    shared = drawn(size, bits, pruned, seed)
    plain = {
        "mean": torch.randn(3),
        "steps": torch.tensor(7),
        "on": torch.tensor([True, False]),
        "empty": torch.zeros(0),
    }
    write(path, {"layer.weight": shared, **plain}, {"zoo": '{"model": "x"}'})
    tensors, metadata = read(path)
    assert is_coded(path)
    assert metadata == {"zoo": '{"model": "x"}'}
    assert list(tensors) == ["layer.weight", *plain]
    again = tensors["layer.weight"]
    assert isinstance(again, SharedTensor)
    assert torch.equal(again.values(), shared.values())
    for name, tensor in plain.items():
        assert torch.equal(tensors[name], tensor), name  # type: ignore[arg-type]


def test_the_stream_is_as_short_as_its_entropy(tmp_path: Path) -> None:
    shared = drawn(200_000, 5, 0.9)
    write(tmp_path / "x", {"w": shared}, {})
    shares = np.bincount(shared.codes) / shared.codes.size
    entropy = -(shares * np.log2(shares)).sum() * shared.codes.size / 8
    assert entropy < (tmp_path / "x").stat().st_size < 1.01 * entropy + 600


def test_cut_changed_and_lying_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.coded"
    write(path, {"w": drawn(5000, 4, 0.5), "b": torch.randn(5)}, {"a": "b"})
    whole, draw = path.read_bytes(), random.Random(0)
    for cut in [0, 4, 9, 17, 30, len(whole) // 2, len(whole) - 4, len(whole) - 1]:
        path.write_bytes(whole[:cut])
        with pytest.raises(ZooError, match="damaged"):
            read(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ZooError, match="left over"):
        read(path)
    start = len(MAGIC) + 8 + int.from_bytes(whole[8:16], "little")
    for _ in range(50):  # a flipped bit of the counts or of the stream
        place = draw.randrange(start + 16 * 4, start + 16 * 8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :])
        with pytest.raises(ZooError, match="damaged"):
            read(path)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"shape": [2**40], "dtype": "float32"}, "shape"),
        ({"shape": [LARGEST, 2], "entries": 1, "words": 0}, "claims more"),
        ({"shape": [-1], "dtype": "float32"}, "shape"),
        ({"shape": [3], "dtype": "object"}, "object"),
        ({"shape": [3], "entries": -1, "words": 0}, "wanted"),
        ({"shape": [3], "entries": 0, "words": 0}, "counts"),
        ({"shape": [3], "entries": 2**40, "words": 0}, "wanted"),
    ],
)
def test_a_head_that_claims_too_much_is_refused(tmp_path: Path, entry: dict[str, object], why: str) -> None:
    text = json.dumps({"metadata": {}, "tensors": {"w": entry}}).encode()
    text = zlib.compress(text)
    path = tmp_path / "weights.coded"
    path.write_bytes(MAGIC + len(text).to_bytes(8, "little") + text)
    with pytest.raises(ZooError, match=why):
        read(path)
