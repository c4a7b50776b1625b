"""The frame of a pose network: a backbone, deconvolutions that enlarge its coarsest map, and a head.

SimpleBaseline: Xiao, Wu, Wei 2018, https://arxiv.org/abs/1804.06208, section 2: three deconvolutions with batch norm on a
backbone, and a convolution of one point to heatmaps. Written after the paper.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.backbone.features import Features
from zoo.errors import ZooError, one_of
from zoo.pose.heads import HEATMAPS, Head, SimCCHead
from zoo.weights.fitting import load_fitting


class PoseNetwork(nn.Module):
    """Images (B, C, H, W) in [0, 1] to keypoints (B, 1, J, 3); see the contract in `zoo.pose`.

    Images are padded to multiples of `step`, the stride of the coarsest map; of a head that knows one `size` they have that.
    """

    def __init__(self, backbone: Features, neck: nn.Module, head: Head, step: int, size: int | None = None) -> None:
        super().__init__()
        self.backbone, self.neck, self.head = backbone, neck, head
        self.step, self.size = step, size

    def forward(self, images: Tensor) -> Tensor:
        """Return keypoints (B, 1, J, 3): x and y in pixels of the images, and a score."""
        return self.head.decode(self.answers(images).float())

    def answers(self, images: Tensor) -> Tensor:
        """Return what the head says before keypoints are read off it."""
        H, W = images.shape[-2:]
        if self.size and (self.size, self.size) != (H, W):
            raise ZooError(
                f"the model knows images of {self.size} × {self.size} pixels, and gets {H} × {W}; say data.size={self.size}"
                f", or build it with size={H}"
            )
        if H % self.step or W % self.step:
            images = pad(images, (0, -W % self.step, 0, -H % self.step))
        return self.head.answers(self.neck(self.backbone(images)[-1]))

    def losses(self, images: Tensor, keypoints: Tensor, visible: Tensor) -> dict[str, Tensor]:
        """Return the head's loss."""
        return {"keypoints": self.head.loss(self.answers(images).float(), keypoints, visible)}

    @property
    def normalise(self) -> nn.Module:
        """Mean and std of the bands, which weights bring along."""
        return self.backbone.normalise

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load parameters of the whole network; the head stays as it is where the keypoints are others."""
        load_fitting(self, state, ("head.",))


def deconvolutions(channels: int, widths: Sequence[int]) -> nn.Sequential:
    """Layers that double a map (B, channels, h, w) as often as there are `widths`."""
    layers: list[nn.Module] = []
    for before, after in zip((channels, *widths), widths, strict=False):
        layer = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False)
        nn.init.normal_(layer.weight, std=0.001)
        layers += [layer, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def simple_baseline(
    classes: int,
    bands: int,
    backbone: Features,
    *,
    channels: Sequence[int] = (128, 128, 128),
    stride: int = 32,
    loss: str = "cross_entropy",
) -> PoseNetwork:
    """Heatmaps of J `classes` on the map of `stride`, which a deconvolution of each of the `channels` doubles.

    `loss` is the paper's mean_square of maps, or the cross_entropy of distributions over their cells.
    """
    check_keypoints(classes)
    selected, width = coarsest(backbone, stride)
    if not channels or stride % 2 ** len(channels):
        raise ZooError(
            f"channels={list(channels)} enlarge a map of stride {stride} {len(channels)} times; take 1 to 5 of them"
        )
    kind = HEATMAPS[one_of("model.loss", loss, HEATMAPS)]
    head = kind(channels[-1], classes, stride // 2 ** len(channels))
    return PoseNetwork(selected, deconvolutions(width, channels), head, stride)


def simcc(
    classes: int, bands: int, backbone: Features, *, size: int = 256, bins: int = 2, hidden: int = 256
) -> PoseNetwork:
    """Coordinates of J `classes` as `bins` a pixel, on the coarsest map; for images of `size` × `size` pixels alone."""
    check_keypoints(classes)
    selected, width = coarsest(backbone, 32)
    if size < 32 or size % 32:
        raise ZooError(f"model.size={size} must be a multiple of 32, the coarsest stride")
    return PoseNetwork(selected, nn.Identity(), SimCCHead(width, classes, size, 32, bins, hidden), 32, size)


def coarsest(backbone: Features, stride: int) -> tuple[Features, int]:
    """Return the part of a backbone up to the map of a stride, and the channels of that."""
    if stride not in backbone.strides:
        raise ZooError(
            f"the backbone has maps of strides {backbone.strides}, and none of stride {stride}; take another"
        )
    selected = backbone.select([stride])
    return selected, selected.channels[-1]


def check_keypoints(count: int) -> None:
    """Refuse a network without keypoints."""
    if count < 1:
        raise ZooError(f"classes={count}, but a pose needs one keypoint at the least")
