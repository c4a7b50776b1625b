"""A model as a graph of tensors: what is traced, and the program and the ONNX model that come of it."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch import Tensor, nn

OPSET = 20  # read by every runtime since 2024
#: Loggers of what writes ONNX, which tell of steps that they skip.
WRITERS = ("onnx_ir", "onnxscript")


class Operator(Protocol):
    """An operator that stands in a graph by name, since no two formats write it alike."""

    def extension(self) -> Any:
        """Return what has OpenVINO's reader of ONNX understand it."""

    def onnx(self, model: Any) -> None:
        """Replace it in an ONNX model by ONNX's own operators, in place."""


@dataclass(frozen=True)
class Graph:
    """A module that is traced with `arguments`; `shapes` says which dimensions of each input are free, by its name.

    Where the module takes any number of inputs, they are in their order under the one name of them all.
    """

    module: "nn.Module"
    arguments: "tuple[Tensor, ...]"
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: Mapping[str, Mapping[int, Any] | tuple[Mapping[int, Any], ...]]
    operator: Operator | None = None


def program(graph: Graph) -> Any:
    """Return the program (torch.export) of a graph; a ZooError says what has no place in one."""
    import torch

    try:
        with quiet(), torch.no_grad():
            return torch.export.export(graph.module.eval(), graph.arguments, dynamic_shapes=dict(graph.shapes))
    except (
        RuntimeError,
        ValueError,
        AssertionError,
        NotImplementedError,
        torch._dynamo.exc.TorchDynamoException,
    ) as error:
        said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ZooError(f"the model cannot be traced to a graph: {said.strip()[:300]}") from error


def onnx_of(graph: Graph, traced: Any) -> Any:
    """Return the ONNX model of a program."""
    import torch

    try:
        with quiet(), torch.no_grad():
            found: Any = torch.onnx.export(
                traced,
                (),
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except (RuntimeError, torch.onnx.OnnxExporterError) as error:
        raise ZooError(f"{layer_of(traced, error)} cannot be written in ONNX: {root_of(error)}") from error
    return found.model_proto


def layer_of(traced: Any, error: BaseException) -> str:
    """Return which layer of a program an error is about, by the operator that it speaks of."""
    said = f"{error} {root_of(error)}"
    for whole in (traced, traced.run_decompositions()):  # ONNX is told of the parts that an operator is made of
        for node in whole.graph.nodes:
            name, stack = str(node.target), list(node.meta.get("nn_module_stack", {}).values())
            if node.op == "call_function" and stack and (name in said or f"op='{name.rpartition('.')[0]}'" in said):
                return f"layer {stack[-1][0]!r}, operator {name},"
    return "a layer of the model"


def root_of(error: BaseException) -> str:
    """Return what began a chain of errors, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def quiet() -> Iterator[None]:
    """Say what is missing; let pass what torch and its writer of ONNX warn of their own parts."""
    levels = {name: logging.getLogger(name).level for name in WRITERS}
    for name in WRITERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ModuleNotFoundError as error:
        raise missing(error.name or "a runtime") from error
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def missing(name: str) -> ZooError:
    """Return what to say where a runtime is not installed."""
    return ZooError(f"{name} is not installed, which exports need: pip install {name}")
