import numpy as np
import pytest
import torch

from zoo.compression.published import decode, spread
from zoo.compression.shared import SharedTensor
from zoo.errors import ZooError

SHAPES = {"first": (4, 3, 2, 2), "last": (2, 4, 1, 1)}


def encode(weights: dict[str, np.ndarray], books: dict[str, np.ndarray], biases: dict[str, np.ndarray]) -> bytes:
    """Write codes as the authors do, gaps of more than 15 bridged by stored zeros."""
    stored, body = [], b""
    for name, codes in weights.items():
        kept, gaps, gap = [], [], 0
        for code in codes.ravel():
            if code or gap == 15:
                kept.append(code)
                gaps.append(gap)
                gap = 0
            else:
                gap += 1
        pairs = np.array([*gaps, 0][: len(gaps) + len(gaps) % 2], np.uint8).reshape(-1, 2)
        stored.append(len(kept))
        body += books[name].tobytes() + biases[name].tobytes()
        body += np.array(kept, np.uint8).tobytes() + (pairs[:, 0] + 16 * pairs[:, 1]).astype(np.uint8).tobytes()
    return np.array(stored, "<u4").tobytes() + body


@pytest.fixture
def content() -> bytes:
    draw = np.random.default_rng(0)
    codes = {name: draw.integers(0, 256, shape) * (draw.random(shape) < 0.1) for name, shape in SHAPES.items()}
    books = {name: np.r_[0, draw.normal(size=255)].astype("<f4") for name in SHAPES}
    return encode(codes, books, {name: draw.normal(size=shape[0]).astype("<f4") for name, shape in SHAPES.items()})


def test_gaps_are_filled() -> None:
    assert spread(np.array([5, 0, 7], np.uint8), np.array([0xF1, 0x00], np.uint8), 20).tolist()[:2] == [0, 5]
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 256, (9, 9)) * (draw.random((9, 9)) < 0.05)
    book = np.arange(256, dtype="<f4")
    state = decode(encode({"x": codes}, {"x": book}, {"x": np.zeros(9, "<f4")}), {"x": (9, 9)})
    shared = state["x.weight"]
    assert isinstance(shared, SharedTensor)
    assert torch.equal(shared.values(), torch.from_numpy(codes.astype(np.float32)))


def test_a_file_of_other_layers_is_refused(content: bytes) -> None:
    assert set(decode(content, SHAPES)) == {"first.weight", "first.bias", "last.weight", "last.bias"}
    for wrong in (content[:-1], content + b"\0", content[4:], b""):
        with pytest.raises(ZooError, match="not the published one of 2 layers"):
            decode(wrong, SHAPES)
    with pytest.raises(ZooError, match="not the published one of 2 layers"):
        decode(content, {"first": (4, 3, 1, 1), "last": (2, 4, 1, 1)})
