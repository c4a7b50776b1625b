"""GoogLeNet: inception modules, and two auxiliary heads that help the first layers to learn.

Paper: Szegedy et al. 2014, https://arxiv.org/abs/1409.4842; with batch norm, as torchvision (BSD-3-Clause) has it, whose
weights came from TensorFlow and take values from -1 to 1.
"""

from typing import ClassVar

from torch import Tensor, nn
from torchvision.models.googlenet import BasicConv2d, GoogLeNet

from zoo.classification.network import Classifier, check_classes

FEATURES = 1024


class Inception(Classifier):
    """GoogLeNet in the frame: in training `all_logits` gives those of the auxiliary heads too."""

    class_layers: ClassVar[tuple[str, ...]] = ("head.", "backbone.aux1.fc2.", "backbone.aux2.fc2.")

    def all_logits(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the logits (B, K), and in training those of the second and of the first auxiliary head."""
        features, *auxiliary = self._all(self.sized(self.normalise(images)))
        main = self.head(self.dropout(features))
        return (main, *(logits for logits in auxiliary if logits is not None))

    def features(self, images: Tensor) -> Tensor:
        """Return what the head sees (B, 1024); the auxiliary heads are left out."""
        return self._all(self.sized(self.normalise(images)))[0]

    def _all(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return what torchvision's own network gives, whose last layer is left out."""
        found: tuple[Tensor, ...] = self.backbone._forward(images)  # type: ignore[operator]  # it is torchvision's GoogLeNet
        return found


def build(classes: int, bands: int, *, dropout: float = 0.2) -> Inception:
    """A GoogLeNet of K `classes` for images of C `bands`."""
    check_classes(classes)
    network = GoogLeNet(classes, aux_logits=True, transform_input=False, init_weights=False)
    network.conv1 = BasicConv2d(bands, 64, kernel_size=7, stride=2, padding=3)
    network.fc, network.dropout = nn.Identity(), nn.Identity()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return Inception(network, nn.Linear(FEATURES, classes), bands, "fc", dropout)
