"""Weights in the formats of other frameworks, written here byte by byte: sound, cut, lying and hostile."""

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.sources import open_weights

ARRAYS = {
    "encoder/conv1/weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "half": np.array([0.5, -2.0], np.float16),
    "codes": np.array([[-128, 127]], np.int8),
    "scalar": np.array(7, np.int32),
    "none": np.zeros((0, 3), np.int16),
}
TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def text(name: str) -> bytes:
    return struct.pack("<H", len(name) + 1) + name.encode() + b"\0"


def variable(name: str, array: np.ndarray, kind: int | None = None, size: int | None = None) -> bytes:
    kind = TYPES[array.dtype.name] if kind is None else kind
    shape = struct.pack(f"<{array.ndim}I", *array.shape)
    size = array.nbytes if size is None else size
    return text(name) + bytes([array.ndim]) + shape + bytes([kind]) + struct.pack("<I", size) + array.tobytes()


def container(
    arrays: dict[str, np.ndarray] = ARRAYS,
    aliases: dict[str, str] | None = None,
    version: int = 6,
    count: int | None = None,
) -> bytes:
    """Return a container as CTranslate2 writes it; the count of variables may lie."""
    parts = [
        struct.pack("<I", version),
        text("WhisperSpec"),
        struct.pack("<II", 3, len(arrays) if count is None else count),
    ]
    parts += [variable(name, array) for name, array in arrays.items()]
    parts.append(struct.pack("<I", len(aliases or {})))
    return b"".join([*parts, *(text(a) + text(b) for a, b in (aliases or {}).items())])


def same(state: dict[str, torch.Tensor], arrays: dict[str, np.ndarray]) -> bool:
    return state.keys() == arrays.keys() and all(
        np.array_equal(state[name].numpy(), array) and state[name].numpy().dtype == array.dtype
        for name, array in arrays.items()
    )


def test_a_container(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(container(aliases={"decoder/projection": "half"}))
    assert same(open_weights(path), ARRAYS | {"decoder/projection": ARRAYS["half"]})


def test_a_container_in_two_parts_with_its_vocabulary(tmp_path: Path) -> None:
    content = container()
    (tmp_path / "model.bin.part1").write_bytes(content[:33])
    (tmp_path / "model.bin.part2").write_bytes(content[33:])
    (tmp_path / "tokenizer.json").write_text('{"é": 1}', encoding="utf-8")
    state = open_weights(*(tmp_path / name for name in ("model.bin.part1", "tokenizer.json", "model.bin.part2")))
    assert bytes(state.pop("tokenizer.json").tolist()).decode() == '{"é": 1}'
    assert same(state, ARRAYS)
    with pytest.raises(ZooError, match="is cut"):
        open_weights(tmp_path / "model.bin.part1")


@pytest.mark.parametrize("end", range(4, len(container()), 7))
def test_a_cut_container(tmp_path: Path, end: int) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(container()[:end])
    with pytest.raises(ZooError, match=r"model\.bin.*is cut.*fetch them again"):
        open_weights(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (container(count=2**32 - 1), "is cut|gives|has"),
        (container() + b"x", "1 bytes behind its end"),
        (container(aliases={"a": "b"}), "calls 'b' also 'a'"),
        (
            container({})[:-8] + struct.pack("<I", 1) + variable("a", ARRAYS["half"], kind=9),
            "the type 9; known are 0, 1",
        ),
        (
            container({})[:-8] + struct.pack("<I", 1) + variable("a", ARRAYS["half"], size=2**31),
            "gives 'a' 2147483648 bytes",
        ),
        (container({})[:-8] + struct.pack("<I", 1) + text("a") + bytes([200]), "200 dimensions"),
        (container({})[:-8] + struct.pack("<I", 2) + 2 * variable("a", ARRAYS["half"]), "has 'a' twice"),
        (container({})[:-8] + struct.pack("<I", 1) + b"\x02\x00\xff\xfe", "no text"),
        (
            container({})[:-8]
            + struct.pack("<I", 1)
            + text("a")
            + bytes([2])
            + struct.pack("<IIBI", 2**20, 2**20, 0, 0),
            "gives 'a' 0 bytes, which are not those of",
        ),
    ],
)
def test_a_container_that_lies(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(ZooError, match=told):
        open_weights(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_a_container_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    content = bytearray(container(aliases={"b": "half"}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("fuzz") / "model.bin"
    path.write_bytes(content)
    with suppress(ZooError):
        open_weights(path)


def test_another_version_is_no_container(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(container(version=5))
    with pytest.raises(ZooError, match="damaged|something else"):
        open_weights(path)


def keras(path: Path, write: Callable[[Any], None]) -> Path:
    with h5py.File(path / "w.weights.h5", "w") as file:
        write(file)
    return path / "w.weights.h5"


def test_keras(tmp_path: Path) -> None:
    kernel = np.arange(6, dtype=">f4").reshape(2, 3)

    def write(file: Any) -> None:
        file["block1/layers/conv2d/vars/0"] = kernel
        file["block1/layers/conv2d/vars/1"] = np.ones(3, np.float16)
        file.create_group("optimizer")
        file.create_dataset("packed", data=np.zeros(5000, np.float32), compression="gzip")

    state = open_weights(keras(tmp_path, write))
    assert list(state) == ["block1/layers/conv2d/vars/0", "block1/layers/conv2d/vars/1", "packed"]
    assert torch.equal(state["block1/layers/conv2d/vars/0"], torch.arange(6.0).view(2, 3))


def outside(file: Any) -> None:
    file["a"] = h5py.ExternalLink("/etc/passwd", "/")


def soft(file: Any) -> None:
    file["a"] = h5py.SoftLink("/b")


def loop(file: Any) -> None:
    file.create_group("a")["b"] = file["/"]


def pickled(file: Any) -> None:
    file.create_dataset("a", data=np.array([b"cos\nsystem\n"], dtype=h5py.string_dtype()))


def fields(file: Any) -> None:
    file["a"] = np.zeros(2, [("x", "f4")])


def named_type(file: Any) -> None:
    file["a"] = np.dtype("f4")


def vast(file: Any) -> None:
    file.create_dataset("a", shape=(2**40,), dtype="f4", chunks=(1024,))


def elsewhere(file: Any) -> None:
    file.create_dataset("a", shape=(4,), dtype="u1", external=[("/etc/passwd", 0, 4)])


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "a", shape=(4,))
    file.create_virtual_dataset("a", layout)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (outside, "'a' leads elsewhere .ExternalLink"),
        (soft, "'a' leads elsewhere .SoftLink"),
        (loop, "a group within itself"),
        (pickled, "'a' holds object, expected numbers"),
        (fields, "'a' holds .*expected numbers"),
        (named_type, "'a' is a Datatype, expected an array"),
        (vast, "'a' claims 4398046511104 bytes and has 0: refused"),
        (elsewhere, "numbers from other files"),
        (virtual, "numbers from other files"),
    ],
)
def test_keras_that_is_hostile(tmp_path: Path, write: Callable[[Any], None], told: str) -> None:
    with pytest.raises(ZooError, match=told):
        open_weights(keras(tmp_path, write))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_cut_keras_file(tmp_path: Path, share: float) -> None:
    path = keras(tmp_path, lambda file: file.create_dataset("a", data=np.arange(5000.0)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ZooError, match="not a sound HDF5 file"):
        open_weights(path)


def manifest(*weights: dict[str, Any], paths: tuple[str, ...] = ("net.bin",)) -> dict[str, Any]:
    return {"format": "graph-model", "weightsManifest": [{"paths": list(paths), "weights": list(weights)}]}


def weight(name: str, shape: list[int], kind: str, **how: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": kind} | ({"quantization": how} if how else {})


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A description; its bytes lie beside it in two files."""
    described = manifest(
        weight("a", [2], "float32"),
        weight("b", [1, 2], "float32", dtype="float16", original_dtype="float32"),
        weight("c", [3], "float32", dtype="uint8", scale=0.5, min=-1.0),
        weight("d", [], "int32"),
        paths=("net.bin", "more.bin"),
    )
    content = b"".join(
        [np.array([1, 2], "<f4").tobytes(), np.array([3, 4], "<f2").tobytes(), bytes([0, 2, 4]), struct.pack("<i", 7)]
    )
    (tmp_path / "net.json").write_text(json.dumps(described))
    (tmp_path / "net.bin").write_bytes(content[:9])
    (tmp_path / "more.bin").write_bytes(content[9:])
    return tmp_path


def test_tensorflow_js(net: Path) -> None:
    state = open_weights(net / "net.json", net / "more.bin", net / "net.bin")
    assert {name: (tensor.dtype, tensor.tolist()) for name, tensor in state.items()} == {
        "a": (torch.float32, [1.0, 2.0]),
        "b": (torch.float32, [[3.0, 4.0]]),
        "c": (torch.float32, [-1.0, 0.0, 1.0]),
        "d": (torch.int32, 7),
    }


def test_tensorflow_js_opens_what_was_fetched_for_it_alone(net: Path) -> None:
    with pytest.raises(ZooError, match=r"names the file 'net\.bin'; those that came with it are more\.bin"):
        open_weights(net / "net.json", net / "more.bin")
    (net / "net.json").write_text(json.dumps(manifest(weight("a", [2], "float32"), paths=("../../etc/passwd",))))
    with pytest.raises(ZooError, match=r"names the file '\.\./\.\./etc/passwd'"):
        open_weights(net / "net.json", net / "net.bin")


@pytest.mark.parametrize(
    ("described", "told"),
    [
        (manifest(weight("a", [3], "float32")), "'a' needs 12 bytes, 9 are left"),
        (manifest(weight("a", [1], "float32")), "5 bytes are left"),
        (manifest(weight("a", [2**40], "float32")), "needs 4398046511104 bytes"),
        (manifest(weight("a", [-1], "float32")), "the shape .-1."),
        (manifest(weight("a", [1], "string")), "the type 'string'"),
        (manifest(*[weight("a", [9], "uint8")] * 2, paths=("net.bin", "net.bin")), "names 'a' twice"),
        (manifest({"name": "a"}), "does not read as a graph model"),
        ({"weightsManifest": 3}, "does not read as a graph model"),
        ([], "does not read as a graph model"),
    ],
)
def test_tensorflow_js_that_lies(net: Path, described: Any, told: str) -> None:
    (net / "net.json").write_text(json.dumps(described))
    with pytest.raises(ZooError, match=told):
        open_weights(net / "net.json", net / "net.bin")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_description(net: Path, content: bytes) -> None:
    (net / "net.json").write_bytes(content)
    with pytest.raises(ZooError, match="does not read as a graph model"):
        open_weights(net / "net.json", net / "net.bin")


def test_parts_of_what_comes_whole(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "w.pth")
    (tmp_path / "x.bin").write_bytes(b"x")
    (tmp_path / "empty.json").write_bytes(b"")
    with pytest.raises(ZooError, match=r"come in one file, and 'x\.bin' is named as a part"):
        open_weights(tmp_path / "w.pth", tmp_path / "x.bin")
    with pytest.raises(ZooError, match="has 0 bytes"):
        open_weights(tmp_path / "w.pth", tmp_path / "empty.json")
