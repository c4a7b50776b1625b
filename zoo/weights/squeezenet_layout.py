"""SqueezeNet 1.0 out of the file that the authors of Deep Compression published, in torchvision's names."""

from collections.abc import Mapping

from torch import Tensor

from zoo.compression.published import decode
from zoo.compression.shared import SharedTensor
from zoo.errors import ZooError
from zoo.sources.tensors import CONTENT

#: Where each fire module lies, how many channels it is given, squeezes to, and expands to twice.
FIRES = {
    3: (96, 16, 64), 4: (128, 16, 64), 5: (128, 32, 128), 7: (256, 32, 128), 8: (256, 48, 192), 9: (384, 48, 192),
    10: (384, 64, 256), 12: (512, 64, 256),
}  # fmt: skip
SHAPES: Mapping[str, tuple[int, int, int, int]] = {
    "features.0": (96, 3, 7, 7),
    **{
        f"features.{place}.{part}": shape
        for place, (given, few, many) in FIRES.items()
        for part, shape in (
            ("squeeze", (few, given, 1, 1)),
            ("expand1x1", (many, few, 1, 1)),
            ("expand3x3", (many, few, 3, 3)),
        )
    },
    "classifier.1": (1000, 512, 1, 1),
}


def published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights, exactly as they were published: for bands blue, green, red, as Caffe has them."""
    if CONTENT not in state:
        raise ZooError("this layout is that of the published .net file, which holds bytes alone")
    tensors = decode(state[CONTENT].numpy().tobytes(), SHAPES)
    return {name: one.values() if isinstance(one, SharedTensor) else one for name, one in tensors.items()}
