"""Layouts of Keras's weights: layers that are called by their kind and number become ours, kernels as PyTorch has them."""

from collections.abc import Callable, Mapping

from torch import Tensor

State = dict[str, Tensor]
#: What Keras calls the parameters of a layer.
KINDS = {
    "kernel:0": "weight", "depthwise_kernel:0": "weight", "bias:0": "bias", "gamma:0": "weight", "beta:0": "bias",
    "moving_mean:0": "running_mean", "moving_variance:0": "running_var",
}  # fmt: skip
ORDER: Mapping[str, Mapping[int, tuple[int, ...]]] = {
    "kernel:0": {4: (3, 2, 0, 1), 2: (1, 0)},
    "depthwise_kernel:0": {4: (2, 3, 0, 1)},
}


def keras(layers: Mapping[str, str]) -> Callable[[State], State]:
    """Return what renames a file's layers, in the order of `layers`; what an optimizer keeps beside them is left out."""

    def renamed(state: State) -> State:
        found: State = {}
        for theirs, ours in layers.items():
            start = f"model_weights/{theirs}/{theirs}/"
            for name in (name for name in state if name.startswith(start)):
                kind = name.removeprefix(start)
                tensor = state[name]
                order = ORDER.get(kind, {}).get(tensor.ndim)
                found[f"{ours}.{KINDS[kind]}"] = tensor.permute(order).contiguous() if order else tensor
        return found

    return renamed


def numbered(kind: str, number: int) -> str:
    """Return what Keras calls the layer of a kind with a number: conv2d, conv2d_1, …"""
    return f"{kind}_{number}" if number else kind


def in_order(kind: str, ours: list[str]) -> dict[str, str]:
    """Return the layers of a kind in their order, by our names."""
    return {numbered(kind, number): name for number, name in enumerate(ours)}


RESNET8 = [f"blocks.{i}.{part}" for i in range(3) for part in ("first", "second")]
RESNET8_CONVOLUTIONS = [
    "stem.0", "blocks.0.first.0", "blocks.0.second.0", "blocks.1.first.0", "blocks.1.second.0", "blocks.1.shortcut",
    "blocks.2.first.0", "blocks.2.second.0", "blocks.2.shortcut",
]  # fmt: skip
resnet8 = keras(
    {
        **in_order("conv2d", RESNET8_CONVOLUTIONS),
        **in_order("batch_normalization", ["stem.1", *(f"{name}.1" for name in RESNET8)]),
        "dense": "dense",
    }
)
MOBILENET = [f"blocks.{i}.{part}" for i in range(13) for part in ("depthwise", "pointwise")]
mobilenet_tiny = keras(
    {
        **in_order("conv2d", ["stem.0", *(f"blocks.{i}.pointwise.0" for i in range(13))]),
        **in_order("depthwise_conv2d", [f"blocks.{i}.depthwise.0" for i in range(13)]),
        **in_order("batch_normalization", ["stem.1", *(f"{name}.1" for name in MOBILENET)]),
        "dense": "dense",
    }
)
