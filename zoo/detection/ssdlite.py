"""SSDLite320: torchvision's single-shot detector for telephones, for any number of classes and bands.

Sandler et al. 2018, https://arxiv.org/abs/1801.04381, on MobileNetV3 (Howard et al. 2019,
https://arxiv.org/abs/1905.02244). Code followed: torchvision (BSD-3),
https://github.com/pytorch/vision/tree/main/torchvision/models/detection. Every image is resized to 320 pixels.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torchvision.models.detection import ssdlite320_mobilenet_v3_large
from torchvision.models.detection.ssd import SSD

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError

Target = Mapping[str, Tensor]


class SingleShot(nn.Module):
    """torchvision's SSD behind the contract of `zoo.detection`: labels from 0, normalisation as buffers, any bands."""

    def __init__(self, detector: SSD, bands: int) -> None:
        super().__init__()
        self.detector = detector
        self.bands = bands
        self.normalise = Normalise(bands)
        widen(detector, bands)

    def forward(
        self, images: Tensor, targets: Sequence[Target] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Images (B, C, H, W) in [0, 1]: the losses in training, where targets are needed, else the detections."""
        if images.shape[1] != self.bands:
            raise ZooError(f"images have {images.shape[1]} bands, the detector was built for bands={self.bands}")
        inputs = list(self.normalise(images))
        if not self.training:
            return [{**found, "labels": found["labels"] - 1} for found in self.detector(inputs)]
        if targets is None:
            raise ZooError("targets=None, but a detector in training needs them; call eval() to detect")
        shifted = [{"boxes": t["boxes"], "labels": t["labels"] + 1} for t in targets]  # torchvision's 0 is background
        losses: dict[str, Tensor] = self.detector(inputs, shifted)
        return losses

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load torchvision's parameters of the whole detector; the class head is left out if its classes differ."""
        mine = self.detector.state_dict()
        head = "head.classification_head."
        fitting = {n: v for n, v in state.items() if not (n.startswith(head) and v.shape != mine.get(n, v).shape)}
        absent = sorted(n for n in set(mine) - set(fitting) if not n.startswith(head))
        if absent:
            raise ZooError(f"weights for SSD lack {len(absent)} parameters, the first is {absent[0]!r}")
        self.detector.load_state_dict(fitting, strict=False)


class BatchNorm(nn.BatchNorm2d):
    """Batch norm that takes its running statistics where one value a channel leaves nothing to average."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (B, F, H, W); SSDLite's last map is 1×1, so that a batch of one image meets this."""
        if self.training and input.numel() == input.shape[1]:
            return batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(input)


def widen(detector: nn.Module, bands: int) -> None:
    """Replace the first convolution by a fresh one over `bands` bands; weights of RGB are widened when they are loaded."""
    name, stem = next((n, m) for n, m in detector.named_modules() if isinstance(m, nn.Conv2d))
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
    setattr(detector.get_submodule(parent), last, wide)


def options(bands: int, score_threshold: float, nms_threshold: float, max_detections: int) -> dict[str, Any]:
    """torchvision's names for what an SSD keeps; its transform shall not normalise, `Normalise` already did."""
    return {
        "score_thresh": score_threshold,
        "nms_thresh": nms_threshold,
        "detections_per_img": max_detections,
        "topk_candidates": 2 * max_detections,
        "image_mean": [0.0] * bands,
        "image_std": [1.0] * bands,
    }


def build(
    classes: int, bands: int, *, score_threshold: float = 0.01, nms_threshold: float = 0.55, max_detections: int = 1000
) -> SingleShot:
    """SSDLite320 on MobileNetV3-Large with random weights; `max_detections` is an image's, 300 in torchvision."""
    kept = options(bands, score_threshold, nms_threshold, max_detections)
    norm = partial(BatchNorm, eps=0.001, momentum=0.03)  # torchvision's own for SSDLite
    detector = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=classes + 1, norm_layer=norm, **kept
    )
    return SingleShot(detector, bands)
