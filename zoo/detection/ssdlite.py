"""SSDLite320: the single-shot detector for telephones, for any number of classes and bands.

Sandler et al. 2018, https://arxiv.org/abs/1801.04381, on MobileNetV3 (Howard et al. 2019,
https://arxiv.org/abs/1905.02244). Backbone and head are torchvision's (BSD-3,
https://github.com/pytorch/vision/blob/main/torchvision/models/detection/ssdlite.py), whose weights fit; matching, losses and
post-processing are those of `single_shot`. Every image is resized to 320 pixels.
"""

from functools import partial

from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torchvision.models.detection import ssdlite320_mobilenet_v3_large
from torchvision.models.detection.ssdlite import SSDLiteFeatureExtractorMobileNet

from zoo.backbone.normalise import Normalise
from zoo.detection.default_boxes import DefaultBoxes, shapes_of_scales
from zoo.detection.postprocess import Postprocess
from zoo.detection.single_shot import SingleShot

SIZE = 320
#: Sizes of the default boxes of each of the six maps as shares of the image's side; the last one closes the row.
SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)


class MobileNet(nn.Module):
    """torchvision's MobileNetV3 with four further maps, for any bands, behind a normalisation of its own."""

    def __init__(self, extractor: SSDLiteFeatureExtractorMobileNet, bands: int) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.features, self.extra = extractor.features, extractor.extra
        widen(self, bands)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps (B, F_i, H_i, W_i) of the strides 16 to 320 of images (B, C, 320, 320) in [0, 1]."""
        maps = [self.normalise(images)]
        for block in (*self.features, *self.extra):
            maps.append(block(maps[-1]))
        return maps[1:]


class BatchNorm(nn.BatchNorm2d):
    """Batch norm that takes its running statistics where one value a channel leaves nothing to average."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (B, F, H, W); SSDLite's last map is 1×1, so that a batch of one image meets this."""
        if self.training and input.numel() == input.shape[1]:
            return batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(input)


def widen(network: nn.Module, bands: int) -> None:
    """Replace the first convolution by a fresh one over `bands` bands; weights of RGB are widened when they are loaded."""
    name, stem = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    if bands == stem.in_channels:
        return
    wide = nn.Conv2d(
        bands,
        stem.out_channels,
        (stem.kernel_size[0], stem.kernel_size[1]),
        (stem.stride[0], stem.stride[1]),
        padding=stem.padding if isinstance(stem.padding, str) else (stem.padding[0], stem.padding[1]),
        bias=stem.bias is not None,
    )
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, wide)


def build(
    classes: int, bands: int, *, score_threshold: float = 0.01, nms_threshold: float = 0.55, max_detections: int = 1000
) -> SingleShot:
    """SSDLite320 on MobileNetV3-Large with random weights; `max_detections` is an image's, 300 in torchvision."""
    norm = partial(BatchNorm, eps=0.001, momentum=0.03)  # torchvision's own for SSDLite
    theirs = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=classes + 1, norm_layer=norm
    )
    boxes = DefaultBoxes(shapes_of_scales(SCALES, [(2, 3)] * 6, SIZE), SIZE, halving=0)
    postprocess = Postprocess(score_threshold, nms_threshold, max_detections)
    return SingleShot(MobileNet(theirs.backbone, bands), bands, nn.Identity(), theirs.head, boxes, postprocess)
