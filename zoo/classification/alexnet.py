"""AlexNet: five convolutions and three full layers; the network with which deep learning of images began.

Paper: Krizhevsky, Sutskever, Hinton 2012, https://doi.org/10.1145/3065386; here in one column, as Krizhevsky 2014,
https://arxiv.org/abs/1404.5997, and torchvision (BSD-3-Clause) have it.
"""

from torch import Tensor, nn
from torchvision.models import alexnet

from zoo.classification.network import Classifier, check_classes

#: Width of the full layers, and the smallest side whose maps survive three poolings.
WIDTH, LEAST = 4096, 63


class FullLayers(nn.Module):
    """Convolutions, their maps averaged to 6 × 6, and two full layers with dropout: images to (B, 4096)."""

    def __init__(self, bands: int, dropout: float) -> None:
        super().__init__()
        network = alexnet(weights=None, dropout=dropout)
        self.features, self.avgpool, self.classifier = network.features, network.avgpool, network.classifier[:6]
        self.features[0] = nn.Conv2d(bands, 64, kernel_size=11, stride=4, padding=2)

    def forward(self, images: Tensor) -> Tensor:
        """Return features (B, 4096) of normalised images (B, C, H, W)."""
        return self.classifier(self.avgpool(self.features(images)).flatten(1))


def build(classes: int, bands: int, *, dropout: float = 0.5) -> Classifier:
    """An AlexNet of K `classes` for images of C `bands`."""
    check_classes(classes)
    return Classifier(FullLayers(bands, dropout), nn.Linear(WIDTH, classes), bands, "classifier.6", least=LEAST)
