"""MoveNet's weights, as TensorFlow.js names them by the nodes of the graph, in our names."""

from collections.abc import Mapping

from torch import Tensor

ROOT = "StatefulPartitionedCall/"
PYRAMID = f"{ROOT}center_net_mobile_net_v2fpn_feature_extractor/model_1/"
TRUNK = f"{PYRAMID}model/"
#: Blocks of each group of MobileNetV2.
COUNTS = (1, 2, 3, 4, 3, 3, 1)
#: Ours: the head's name there, and the number of its convolutions.
HEADS = {
    "centre": ("center", 3, 4),
    "heatmaps": ("kpt_heatmap", 4, 5),
    "regression": ("kpt_regress", 5, 6),
    "offsets": ("kpt_offset", 6, 7),
}
MULTIPOSE = {
    "centre": ("center", 3, 4),
    "scale": ("box_scale", 4, 5),
    "shift": ("box_offset", 5, 6),
    "heatmaps": ("kpt_heatmap", 6, 7),
    "regression": ("kpt_regress", 7, 8),
    "offsets": ("kpt_offset", 8, 9),
}
SUFFIXES = ("", "_1", "_2")


def movenet(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of the networks of one person."""
    return renamed(state, HEADS)


def multipose(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of the network of several."""
    return renamed(state, MULTIPOSE)


def renamed(state: Mapping[str, Tensor], heads: Mapping[str, tuple[str, int, int]]) -> dict[str, Tensor]:
    """Rename MoveNet's weights to ours; kernels (h, w, in, out) are turned to (out, in, h, w), depthwise to (in, 1, h, w)."""
    found = dict(folded(state, "trunk.stem.1", f"{TRUNK}Conv1/Conv2D"))
    found |= folded(state, "trunk.last.1", f"{TRUNK}Conv_1/Conv2D")
    places = [(group, place) for group, count in enumerate(COUNTS) for place in range(count)]
    for number, (group, place) in enumerate(places):
        ours, theirs = f"trunk.groups.{group}.{place}", f"{TRUNK}{f'block_{number}' if number else 'expanded_conv'}"
        if number:
            found |= folded(state, f"{ours}.expand.1", f"{theirs}_expand/Conv2D")
        found |= folded(state, f"{ours}.depthwise.1", f"{theirs}_depthwise/depthwise", depthwise=True)
        found |= folded(state, f"{ours}.project.1", f"{theirs}_project/Conv2D")
    for i in range(4):
        found |= plain(state, f"lateral.{i}", f"{PYRAMID}conv2d{f'_{i}' if i else ''}")
    for i, suffix in enumerate(SUFFIXES):
        theirs = f"{PYRAMID}separable_conv2d{suffix}/separable_conv2d"
        found[f"merge.{i}.0.weight"] = turned(state[f"{theirs}/ReadVariableOp"], depthwise=True)
        found |= folded(state, f"merge.{i}.1", theirs)
    for ours, (theirs, first, second) in heads.items():
        separable = f"{ROOT}{theirs}_0/separable_conv2d_{first}"
        found[f"{ours}.0.0.weight"] = turned(state[f"{separable}/separable_conv2d/ReadVariableOp"], depthwise=True)
        found[f"{ours}.0.1.weight"] = turned(state[f"{separable}/separable_conv2d/ReadVariableOp_1"])
        found[f"{ours}.0.1.bias"] = state[f"{separable}/BiasAdd/ReadVariableOp"]
        found |= plain(state, f"{ours}.1", f"{ROOT}{theirs}_0/conv2d_{second}")
    return found


def folded(state: Mapping[str, Tensor], ours: str, theirs: str, depthwise: bool = False) -> dict[str, Tensor]:
    """Return a convolution into which its norm was folded."""
    kernel = turned(state[f"{theirs}_weights"], depthwise)
    return {f"{ours}.weight": kernel, f"{ours}.bias": state[f"{theirs}_bn_offset"]}


def plain(state: Mapping[str, Tensor], ours: str, theirs: str) -> dict[str, Tensor]:
    """Return a convolution without a norm."""
    kernel = turned(state[f"{theirs}/Conv2D/ReadVariableOp"])
    return {f"{ours}.weight": kernel, f"{ours}.bias": state[f"{theirs}/BiasAdd/ReadVariableOp"]}


def turned(kernel: Tensor, depthwise: bool = False) -> Tensor:
    """Return a kernel in PyTorch's order."""
    return kernel.permute(2, 3, 0, 1).contiguous() if depthwise else kernel.permute(3, 2, 0, 1).contiguous()
