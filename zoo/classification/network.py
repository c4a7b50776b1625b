"""The frame of a classifier: what every network here does between an image and its logits."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from zoo.backbone.normalise import Normalise
from zoo.backbone.resize import resize
from zoo.errors import ZooError
from zoo.weights.fitting import load_fitting


class Classifier(nn.Module):
    """Backbone → features (B, F) → dropout → head → logits (B, K); see the contract in `zoo.classification`.

    `backbone` gives features of normalised images. `last` is what its published weights call their last layer; `fixed` is
    the one size (height, width) that it sees, and `least` the smallest side.
    """

    #: Layers that know the classes: where these are others than those of the weights, they stay as they are.
    class_layers: ClassVar[tuple[str, ...]] = ("head.",)

    def __init__(
        self,
        backbone: nn.Module,
        head: nn.Module,
        bands: int,
        last: str,
        dropout: float = 0.0,
        least: int = 32,
        fixed: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.backbone, self.dropout, self.head = backbone, nn.Dropout(dropout), head
        self.last, self.least, self.fixed = last, least, fixed

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K) of images (B, C, H, W) in [0, 1]."""
        return self.head(self.dropout(self.features(images)))

    def all_logits(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the logits (B, K), and in training those of auxiliary heads."""
        return (self(images),)

    def features(self, images: Tensor) -> Tensor:
        """Return what the head sees of images (B, C, H, W): (B, F)."""
        return self.backbone(self.sized(self.normalise(images)))

    def sized(self, images: Tensor) -> Tensor:
        """Return images (B, C, H, W) at a size that the network can see."""
        H, W = images.shape[-2:]
        size = self.fixed or (max(H, self.least), max(W, self.least))
        if size == (H, W):
            return images
        return resize(images, size)

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the parameters of the whole network in its published names; a last layer of other classes is left out."""
        load_fitting(self, {self.own_name(name): value for name, value in state.items()}, self.class_layers)

    def own_name(self, name: str) -> str:
        """Return what a published parameter is called here."""
        rest = name.removeprefix(f"{self.last}.")
        return f"backbone.{name}" if rest == name else f"head.{rest}"


def check_classes(classes: int) -> None:
    """Refuse no class at all; one is that of a picture that shows something or not."""
    if classes < 1:
        raise ZooError(f"classes={classes}, but a classifier needs one at the least")
