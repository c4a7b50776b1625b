"""Single shot: classes and offsets for default boxes on every map at once; what SSD and SSDLite have in common.

Liu et al. 2016, https://arxiv.org/abs/1512.02325. Matching, hard negatives and codes as in the authors' Caffe code and in
torchvision (BSD-3, https://github.com/pytorch/vision/blob/main/torchvision/models/detection/ssd.py).
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, pad, smooth_l1_loss
from torchvision.models.detection._utils import BoxCoder, SSDMatcher
from torchvision.ops import box_iou

from zoo.detection.default_boxes import DefaultBoxes
from zoo.detection.detector import DenseDetector, Target
from zoo.detection.postprocess import Postprocess

NEGATIVES = 3  # hard negatives for each positive, section 2.2


class SingleShot(DenseDetector):
    """Backbone → maps of all strides → classes and offsets for each default box; see the contract in `zoo.detection`."""

    divisor: int = 1
    class_layers: ClassVar[tuple[str, ...]] = ("head.classification_head.",)

    def __init__(
        self,
        backbone: Callable[[Tensor], list[Tensor]],
        bands: int,
        maps: nn.Module,
        head: nn.Module,
        boxes: DefaultBoxes,
        postprocess: Postprocess,
        resize: bool = True,
    ) -> None:
        super().__init__(backbone, bands)
        self.maps, self.head, self.boxes, self.resize = maps, head, boxes, resize
        self.coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
        self.matcher = SSDMatcher(0.5)
        self.postprocess = postprocess

    def fit_input(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images as the network sees them, scaled to its size or padded up to it, and the factors (4,) of their boxes."""
        side, (height, width) = self.boxes.size, images.shape[-2:]
        if not self.resize:
            return pad(images, (0, max(0, side - width), 0, max(0, side - height))), images.new_ones(4)
        scaled = interpolate(images, (side, side), mode="bilinear", align_corners=False)
        return scaled, images.new_tensor((side / width, side / height) * 2)

    def predict(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Default boxes (P, 4), logits (B, P, K + 1), background first, and codes (B, P, 4) of framed images."""
        maps = self.maps(self.backbone(images))
        boxes = self.boxes(maps, (images.shape[-2], images.shape[-1]))
        found = self.head(maps)
        return boxes, found["cls_logits"].float(), found["bbox_regression"].float()

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Cross entropy over positives and hard negatives, and smooth L1 of the codes, both over the positives."""
        images, factors = self.fit_input(images)
        boxes, logits, codes = self.predict(images)
        answers = torch.zeros(logits.shape[:2], dtype=torch.long, device=logits.device)  # (B, P), 0 is background
        errors = []
        for i, target in enumerate(targets):
            if len(target["boxes"]):
                truth = target["boxes"] * factors
                owners = self.matcher(box_iou(truth, boxes))
                positive = torch.nonzero(owners >= 0).flatten()
                answers[i, positive] = target["labels"][owners[positive]] + 1
                wanted = self.coder.encode_single(truth[owners[positive]], boxes[positive])
                errors.append(smooth_l1_loss(codes[i, positive], wanted, reduction="sum"))
        total = (answers > 0).sum().clamp(min=1)
        entropy = cross_entropy(logits.flatten(0, 1), answers.flatten(), reduction="none").view_as(answers)
        kept = (answers > 0) | hard_negatives(entropy.detach(), answers > 0)
        return {
            "classification": (entropy * kept).sum() / total,
            "bbox_regression": sum(errors, start=codes.sum() * 0) / total,
        }

    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Scores are the shares of the classes beside background; boxes are in pixels of the images as they came."""
        images, factors = self.fit_input(images)
        boxes, logits, codes = self.predict(images)
        decoded = self.coder.decode_single(codes.flatten(0, 1), boxes.repeat(codes.shape[0], 1)).view_as(codes)
        return decoded / factors, logits.softmax(dim=-1)[..., 1:]


def hard_negatives(entropy: Tensor, positive: Tensor) -> Tensor:
    """Mask (B, P) of the negatives with the greatest entropy (B, P), `NEGATIVES` for each positive of the image."""
    rank = entropy.masked_fill(positive, -1).argsort(dim=1, descending=True).argsort(dim=1)
    return (rank < NEGATIVES * positive.sum(dim=1, keepdim=True)) & ~positive
