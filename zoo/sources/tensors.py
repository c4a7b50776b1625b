"""Weight files opened as data: what each format holds, as tensors by name; nothing in a file is ever run.

safetensors; PyTorch files whose pickle holds tensors; the constants of an ONNX graph; CTranslate2's container; Keras's .h5;
graph models of TensorFlow.js. A text that weights come with, as that of a tokenizer, is a tensor of its bytes.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor

_PICKLED = (".pth", ".pt", ".bin", ".ckpt")
_SPLIT = re.compile(r"\.part\d+")
#: The name of the bytes of a file whose tensors have no shapes of their own: a layout reads them.
CONTENT = "content"
_LARGEST_TEXT = 100_000_000  # bytes


def open_weights(path: Path, *parts: Path) -> "dict[str, Tensor]":
    """Return the tensors of a weight file by name, on the CPU; nothing in the file is ever run.

    `parts` are further files of the same weights: the rest of one that was split (`model.bin.part2`), the bytes that a
    TensorFlow.js model names, or texts, each a tensor uint8 (N,) under the name of its file. A PyTorch file may hold the
    tensors itself or under `state_dict` or `model`. Raises ZooError for a file that would run code, that is damaged, or that
    holds anything else than tensors.
    """
    for file in (path, *parts):
        if not file.is_file():
            raise ZooError(f"weights {str(file)!r}: there is no such file; `zoo list` shows what can be fetched")
    texts = [part for part in parts if part.suffix in (".json", ".txt")]
    rest = [part for part in parts if part not in texts]
    state = _open(path, rest)
    refuse_nan(state, f"weights {str(path)!r}", "fetch them again, or ask their author")
    return {**state, **{text.name: _bytes_of(text) for text in texts}}


def _open(path: Path, rest: Sequence[Path]) -> "dict[str, Tensor]":
    """Return the tensors of a file by its kind; `rest` are files of bytes that belong to it."""
    from zoo.sources import ctranslate2, tensorflow_js  # numpy is imported here, and not to read an address

    kind = _kind_of(path)
    if kind == "ctranslate2":
        return ctranslate2.read([path, *rest])
    if kind == ".json":
        return tensorflow_js.read(path, rest)
    if rest:
        raise ZooError(f"weights {str(path)!r} come in one file, and {rest[0].name!r} is named as a part of them")
    if kind in _PICKLED:
        return _tensors_only(_open_pickled(path), path)
    if kind not in _READERS:
        known = ", ".join((*_READERS, *_PICKLED))
        raise ZooError(f"weights {str(path)!r} must end in {known}, or be a container of CTranslate2")
    return _READERS[kind](path)


def refuse_nan(state: "Mapping[str, Tensor]", owner: str, way_out: str) -> None:
    """Refuse tensors with NaN among them: a network that holds one answers nothing, or the same to everything."""
    from torch import isnan

    broken = [name for name, tensor in state.items() if tensor.is_floating_point() and isnan(tensor).any()]
    if broken:
        raise ZooError(
            f"{owner}: {len(broken)} of {len(state)} tensors hold NaN, the first is {broken[0]!r}; {way_out}"
        )


def safetensors_of(state: "Mapping[str, Tensor]", metadata: Mapping[str, str]) -> bytes:
    """Return a safetensors file; the same tensors give the same bytes.

    The library writes the head from a hash table, in an order that varies; here it is sorted.
    Format: https://huggingface.co/docs/safetensors/index#format
    """
    from safetensors.torch import save

    content = save({name: tensor.contiguous().clone() for name, tensor in state.items()}, dict(metadata))
    end = 8 + int.from_bytes(content[:8], "little")
    head = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + content[end:]


def _kind_of(path: Path) -> str:
    """Tell what a file is by its ending, or by how it begins.

    Those of `torchvision://` and `timm://` have no ending, and a .bin may be PyTorch's or a container of CTranslate2.
    """
    from zoo.sources import ctranslate2

    suffix = Path(_SPLIT.sub("", path.name)).suffix
    with path.open("rb") as stream:
        start = stream.read(9)
    if suffix == ".bin" and ctranslate2.is_container(start):
        return "ctranslate2"
    if suffix == ".json" or suffix in _READERS or suffix in _PICKLED:
        return suffix
    return ".safetensors" if start[8:] == b"{" else ".pth" if start.startswith(b"PK\x03\x04") else ""


def _bytes_of(path: Path) -> "Tensor":
    """Return a text file as its bytes, uint8 (N,)."""
    from torch import frombuffer, uint8

    if not 0 < (size := path.stat().st_size) <= _LARGEST_TEXT:
        raise ZooError(f"text {str(path)!r} beside weights has {size} bytes, expected 1 to {_LARGEST_TEXT}")
    return frombuffer(bytearray(path.read_bytes()), dtype=uint8)


def _open_safetensors(path: Path) -> "dict[str, Tensor]":
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path, device="cpu")
    except SafetensorError as error:
        raise ZooError(f"weights {str(path)!r} are not a sound safetensors file ({error}); fetch them again") from error


def _open_onnx(path: Path) -> "dict[str, Tensor]":
    import onnx
    from google.protobuf.message import DecodeError
    from onnx.numpy_helper import to_array
    from torch import from_numpy

    try:
        graph = onnx.load(path, load_external_data=False).graph
        return {constant.name: from_numpy(to_array(constant).copy()) for constant in graph.initializer}
    except (DecodeError, ValueError, TypeError) as error:
        raise ZooError(f"weights {str(path)!r} are not a sound ONNX file ({error}); fetch them again") from error


def _open_keras(path: Path) -> "dict[str, Tensor]":
    from zoo.sources import keras_h5

    return keras_h5.read(path)


def _open_pickled(path: Path) -> object:
    from pickle import UnpicklingError

    from torch import load

    try:
        return load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ZooError(
            f"weights {str(path)!r} hold something else than tensors, which could run code, and were not opened "
            f"({_reason(error)}); ask their author for safetensors"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise ZooError(f"weights {str(path)!r} are damaged ({_reason(error)}); fetch them again") from error


def _reason(error: BaseException) -> str:
    """Return the line of torch's long message that names what was found in the file."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "Unsupported" in line or "GLOBAL" in line), lines[0] if lines else "empty")


def _tensors_only(content: object, path: Path) -> "dict[str, Tensor]":
    from torch import Tensor

    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        raise ZooError(f"weights {str(path)!r} hold a {type(content).__name__}, expected tensors by name")
    odd = next(
        (f"{name!r}: {type(value).__name__}" for name, value in content.items() if not isinstance(value, Tensor)), None
    )
    if odd is not None:
        raise ZooError(f"weights {str(path)!r} hold something else than tensors ({odd}); save the state_dict alone")
    return content


_READERS: "Mapping[str, Callable[[Path], dict[str, Tensor]]]" = {
    ".safetensors": _open_safetensors,
    ".onnx": _open_onnx,
    ".h5": _open_keras,
    ".net": lambda path: {CONTENT: _bytes_of(path)},  # Deep Compression's; its shapes are those of a layout
}
