"""What runs exported files: arrays in, arrays by name out, in the precision and by the threads that PyTorch has just now.

So an engine that turns on bfloat16, or gives its streams their shares of the threads, does so for exported models too.
"""

import json
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from zoo import hardware
from zoo.errors import ZooError

#: Shapes that a file is kept compiled for.
KEPT = 4
#: The extra file of a program that names its outputs.
OUTPUTS = "zoo_outputs"


class Runner(ABC):
    """Runs a file; it may be called by several threads at a time. `inputs` are named in their order, where they are known."""

    inputs: Sequence[str] = ()

    @abstractmethod
    def __call__(self, *arrays: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return the outputs by name, of inputs in their order."""

    def part(self, inputs: Sequence[str], outputs: Sequence[str]) -> "Runner":
        """Return what runs that part of the graph which makes these outputs of these inputs, in this order."""
        raise ZooError(f"{self.runtime} runs a graph as a whole; export the run as .xml or .onnx")

    @property
    @abstractmethod
    def runtime(self) -> str:
        """What runs it, and of which version."""


@cache
def core() -> Any:
    """Return the one OpenVINO core of this process that compiles.

    The CPU plugin of a core lends its thread a stack for signals, and takes it back when the core goes. Of two cores the
    second then leaves the thread with the stack that the first has taken back, and the next signal that Python handles
    (Ctrl-C, the end of a process that it started) ends the process (seen in OpenVINO 2026.4.1).
    """
    import openvino

    return openvino.Core()


class OpenVinoRunner(Runner):
    """A model for OpenVINO, compiled when it is asked: for each precision, share of threads and, if `fixed`, shape."""

    def __init__(self, model: Any, fixed: bool) -> None:
        self.model, self.fixed = model, fixed
        self.inputs = [port.any_name for port in model.inputs]
        self.names = [output.any_name for output in model.outputs]
        self.compiled: OrderedDict[Any, Any] = OrderedDict()
        self.lock, self.own = threading.Lock(), threading.local()

    @classmethod
    def read(cls, path: Path, fixed: bool) -> "OpenVinoRunner":
        """Return what runs a file."""
        try:
            return cls(core().read_model(path), fixed)
        except RuntimeError as error:
            raise ZooError(f"{path} cannot be read by OpenVINO: {' '.join(str(error).split())[-200:]}") from error

    def part(self, inputs: Sequence[str], outputs: Sequence[str]) -> "OpenVinoRunner":
        """See `Runner`."""
        import openvino

        whole = self.model.clone()
        given = [whole.input(name).get_node() for name in inputs]
        return OpenVinoRunner(openvino.Model([whole.output(name).get_node() for name in outputs], given), self.fixed)

    @property
    def runtime(self) -> str:
        """OpenVINO and its version."""
        import openvino

        return f"OpenVINO {openvino.__version__.partition('-')[0]}"

    def __call__(self, *arrays: np.ndarray) -> Mapping[str, np.ndarray]:
        """In bfloat16 where PyTorch would compute in it, else in float32, whatever OpenVINO would choose."""
        import torch

        low, share = torch.is_autocast_enabled("cpu"), torch.get_num_threads()
        shapes = tuple(array.shape for array in arrays) if self.fixed else ()
        try:
            found = self.request((low, share, shapes)).infer(list(arrays), share_inputs=True)
        except RuntimeError as error:
            said = " ".join(str(error).split())[-200:]
            raise ZooError(f"OpenVINO cannot run the model on inputs of {[a.shape for a in arrays]}: {said}") from error
        return dict(zip(self.names, (np.array(value) for value in found.values()), strict=True))

    def request(self, key: Any) -> Any:
        """Return what this thread asks with: one answer at a time."""
        mine = self.own.__dict__.setdefault("requests", OrderedDict())
        if key not in mine:
            mine[key] = self.compile(key).create_infer_request()
            while len(mine) > KEPT:
                mine.popitem(last=False)
        return mine[key]

    def compile(self, key: Any) -> Any:
        """Compile the model, for as many streams as there are shares of the cores."""
        low, share, shapes = key
        with self.lock:
            if key not in self.compiled:
                model = self.model
                if shapes:
                    model = model.clone()
                    model.reshape({port: list(shape) for port, shape in zip(model.inputs, shapes, strict=True)})
                streams = max(1, hardware.cores() // share)
                settings = {
                    "INFERENCE_PRECISION_HINT": "bf16" if low else "f32",
                    "INFERENCE_NUM_THREADS": share * streams,
                    "NUM_STREAMS": streams,
                }
                self.compiled[key] = core().compile_model(model, "CPU", settings)
                while len(self.compiled) > KEPT:
                    self.compiled.popitem(last=False)
            return self.compiled[key]


class OnnxRunner(Runner):
    """A model for ONNX Runtime, which computes in float32; a session for each share of threads."""

    def __init__(self, model: Path | bytes) -> None:
        self.model = model
        self.sessions, self.lock = OrderedDict[int, Any](), threading.Lock()
        first = self.session()
        self.inputs = [one.name for one in first.get_inputs()]
        self.names = [output.name for output in first.get_outputs()]

    def session(self) -> Any:
        """Return what runs the model by the threads that PyTorch has just now."""
        import torch

        threads = torch.get_num_threads()
        with self.lock:
            if threads not in self.sessions:
                self.sessions[threads] = self.open(threads)
                while len(self.sessions) > KEPT:
                    self.sessions.popitem(last=False)
            return self.sessions[threads]

    def open(self, threads: int) -> Any:
        """Return a session of so many threads."""
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(self.model, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # it raises many types of its own, of no common parent but this
            name = self.model if isinstance(self.model, Path) else "a part of a graph"
            raise ZooError(f"{name} cannot be read by ONNX Runtime: {' '.join(str(error).split())[:200]}") from error

    def part(self, inputs: Sequence[str], outputs: Sequence[str]) -> "OnnxRunner":
        """See `Runner`."""
        import onnx
        from onnx.utils import Extractor

        whole = onnx.load_model_from_string(self.model) if isinstance(self.model, bytes) else onnx.load(self.model)
        found = Extractor(whole).extract_model(list(inputs), list(outputs))
        lost = {*outputs} - {name for node in found.graph.node for name in node.output}  # outputs that are constants
        found.graph.initializer.extend(one for one in whole.graph.initializer if one.name in lost)
        return OnnxRunner(found.SerializeToString())

    @property
    def runtime(self) -> str:
        """ONNX Runtime and its version."""
        import onnxruntime

        return f"ONNX Runtime {onnxruntime.__version__}"

    def __call__(self, *arrays: np.ndarray) -> Mapping[str, np.ndarray]:
        """Whatever the precision of the engine."""
        given = dict(zip(self.inputs, arrays, strict=True))
        try:
            found = self.session().run(None, given)
        except Exception as error:  # see above
            said = " ".join(str(error).split())[:200]
            raise ZooError(
                f"ONNX Runtime cannot run the model on inputs of {[a.shape for a in arrays]}: {said}"
            ) from error
        return dict(zip(self.names, found, strict=True))


class ProgramRunner(Runner):
    """A program of torch.export that this process has written; see `Pt2`."""

    def __init__(self, path: Path) -> None:
        import torch

        extra = {OUTPUTS: ""}
        self.module = torch.export.load(str(path), extra_files=extra).module()
        self.names = json.loads(extra[OUTPUTS])

    @property
    def runtime(self) -> str:
        """PyTorch and its version."""
        import torch

        return f"torch.export, PyTorch {torch.__version__}"

    def __call__(self, *arrays: np.ndarray) -> Mapping[str, np.ndarray]:
        """As PyTorch computes."""
        import torch

        try:
            found = self.module(*(torch.from_numpy(array) for array in arrays))
        except (RuntimeError, AssertionError) as error:  # a guard of the program is an assertion
            said = " ".join(str(error).split())[:200]
            raise ZooError(
                f"PyTorch cannot run the program on inputs of {[a.shape for a in arrays]}: {said}"
            ) from error
        values = found if isinstance(found, (tuple, list)) else (found,)
        return {name: value.detach().numpy() for name, value in zip(self.names, values, strict=True)}
