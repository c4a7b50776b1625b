"""The graph of a trained detector as an ONNX model in memory: of tiles of one size, as many at a time as one likes.

With free sizes the padding of the backbone becomes a formula in each layer, and tracing takes many minutes.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError

if TYPE_CHECKING:
    from zoo.detection.fixed_graph import DenseDetector

OPSET = 20  # read by every runtime since 2024
#: Images that the graph is traced with: any but 1 would do, which torch takes for a constant.
BATCH = 2


def traced(model: "DenseDetector", bands: int, size: int, choosing: bool) -> Any:
    """Return the ONNX model of a detector of C `bands`, traced with images of `size` × `size` pixels."""
    import torch

    from zoo.detection.fixed_graph import CHOSEN, DENSE, FixedGraph

    graph = FixedGraph(model, choosing).eval()
    with quiet(), torch.no_grad():
        program: Any = torch.onnx.export(
            graph,
            (torch.rand(BATCH, bands, size, size),),
            input_names=["images"],
            output_names=[*(CHOSEN if choosing else ()), *DENSE],
            dynamic_shapes={"images": {0: torch.export.Dim.DYNAMIC}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    return program.model_proto


@contextmanager
def quiet() -> Iterator[None]:
    """Say what is missing; let pass what torch warns of its own parts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ModuleNotFoundError as error:
        raise missing(error) from error


def missing(error: ModuleNotFoundError) -> ZooError:
    """Return what to say where a runtime is not installed."""
    return ZooError(f"{error.name} is not installed, which exports need: pip install 'task-zoo[export]'")
