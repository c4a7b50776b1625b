"""A counter: a convolution, and the sum of what it finds."""

from collections.abc import Sequence

from torch import Tensor, nn


class DotCounter(nn.Module):
    """Pictures (B, C, H, W) to counts (B, K)."""

    def __init__(self, bands: int, classes: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(bands, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, classes, 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the counts (B, K) of the classes."""
        return self.layers(images).sum(dim=(2, 3))


def build(classes: int, bands: int | Sequence[str], channels: int) -> DotCounter:
    """Build a counter of so many classes and bands."""
    return DotCounter(bands if isinstance(bands, int) else len(bands), classes, channels)
