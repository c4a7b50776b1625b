"""DeepMask: proposals of segments without classes; each window says whether an object is in its middle, and its mask.

Pinheiro et al. 2015, https://arxiv.org/abs/1506.06204: one trunk to stride 16, a mask head whose linear layers are of low
rank, an objectness head, both learnt from patches; then run over the whole image at several scales as convolutions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate, max_pool2d, pad
from torchvision.models.detection.roi_heads import paste_masks_in_image
from torchvision.ops import clip_boxes_to_image, nms, roi_align

from zoo.detection.detector import Backbone, Detections, Detector, Target, prepare_backbone
from zoo.detection.patches import FILLED, SHIFT, sample
from zoo.errors import ZooError

STRIDE = 16
SCORE_WEIGHT = 1 / 32  # of the objectness beside the mask, section 3.2
CHUNK = 64  # windows decoded at a time


class WindowHeads(nn.Module):
    """Mask and objectness of every window of `cells` × `cells` of a map (B, inputs, H, W)."""

    def __init__(self, inputs: int, width: int, cells: int, side: int) -> None:
        super().__init__()
        self.side = side  # of a mask
        self.narrow = nn.Sequential(nn.Conv2d(inputs, width, 1), nn.ReLU(inplace=True))
        self.code = nn.Linear(width * cells * cells, width)  # of low rank: no ReLU between this layer and the next
        self.mask = nn.Linear(width, side * side)
        self.object = nn.Sequential(
            nn.Conv2d(inputs, width, cells // 2, dilation=2),  # on a pooled map of every second cell, at all offsets
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Conv2d(width, 2 * width, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Conv2d(2 * width, 1, 1),
        )

    def forward(self, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Narrow maps (B, width, H, W), in which windows are cut, and logits of objectness (B, H', W'), float32."""
        logits = self.object(max_pool2d(feature, 2, stride=1))
        return self.narrow(feature), logits[:, 0].float()

    def masks(self, windows: Tensor) -> Tensor:
        """Logits of masks (N, side, side) of windows (N, width, cells, cells) of narrow maps, float32."""
        return self.mask(self.code(windows.flatten(1))).float().unflatten(1, (self.side, self.side))


@dataclass(frozen=True)
class Windows:
    """All windows of a batch at one scale: the narrow maps (B, width, H, W), logits (B, H', W'), squares (H' W', 4)."""

    narrow: Tensor
    logits: Tensor
    squares: Tensor

    def cut(self, image: int, chosen: Tensor, cells: int) -> Tensor:
        """The windows (N, width, cells, cells) of an image whose numbers are `chosen` (N,), row by row."""
        columns = self.logits.shape[-1]
        rows = torch.div(chosen, columns, rounding_mode="floor")
        every = self.narrow[image].unfold(1, cells, 1).unfold(2, cells, 1)  # a view (width, H', W', cells, cells)
        return every[:, rows, chosen % columns].transpose(0, 1)


@dataclass(frozen=True)
class Keeping:
    """What is kept of the windows of an image: thresholds of score and overlap of boxes, and the number.

    A pixel is in a mask from the belief `mask_threshold` on, by default that of the paper's section 4.
    """

    score_threshold: float = 0.05
    nms_threshold: float = 0.7
    max_detections: int = 1000
    mask_threshold: float = 0.2


class DeepMask(Detector):
    """Trunk of stride 16 and heads over windows; the detections' boxes are those of their masks, their labels all 0.

    Beside the contract's three, detections hold `masks` (N, H, W), bool, where they were asked for; targets may hold them.
    """

    divisor: int = STRIDE

    def __init__(self, backbone: Backbone, bands: int, heads: WindowHeads, patch: int, sizes: Sequence[float]) -> None:
        super().__init__(backbone, bands)
        self.heads, self.patch, self.sizes = heads, patch, tuple(sizes)
        self.patches, self.shift, self.masks, self.keeping = 16, SHIFT, True, Keeping()

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Cross entropies of the masks of positive patches and of the objectness of all."""
        size = (images.shape[-2], images.shape[-1])
        drawn = [sample(target, size, self.patches, self.heads.side, self.shift) for target in targets]
        shown = roi_align(images, [one.squares for one in drawn], self.patch, sampling_ratio=2, aligned=True)
        windows, logits = self.heads(self.backbone(shown)[0])  # a patch is one window
        positive = torch.cat([one.objects >= 0 for one in drawn])
        wanted = torch.cat([one.masks for one in drawn])[positive]
        found = self.heads.masks(windows[positive])
        mask = (
            binary_cross_entropy_with_logits(found, wanted, reduction="sum") / wanted[0].numel()
            if len(wanted)
            else found.sum()
        )
        objectness = binary_cross_entropy_with_logits(logits[:, 0, 0], positive.float())
        return {"mask": mask / max(1, len(wanted)), "objectness": SCORE_WEIGHT * objectness}

    def detect(self, images: Tensor, size: tuple[int, int]) -> list[Detections]:
        """Windows of all scales, best first, one of those whose boxes are nearly the same."""
        scales = [self.windows(images, FILLED * self.patch / longer) for longer in self.sizes]
        scores = torch.cat([one.logits.flatten(1) for one in scales], dim=1).sigmoid()  # (B, N)
        return [self.keep(scales, i, scores[i], size) for i in range(len(images))]

    def windows(self, images: Tensor, scale: float) -> Windows:
        """All windows of images (B, C, H, W) at a scale; their squares are in the images' pixels."""
        H, W = images.shape[-2:]
        height, width = (max(1, round(side * scale)) for side in (H, W))
        margin = self.patch // 2 - STRIDE // 2  # the first window has the first cell in its middle
        scaled = interpolate(images, (height, width), mode="bilinear", align_corners=False)
        right, below = (margin + -(side + 2 * margin) % STRIDE for side in (width, height))
        narrow, logits = self.heads(self.backbone(pad(scaled, (margin, right, margin, below)))[0])
        rows, columns = (torch.arange(n, device=images.device) * STRIDE - margin for n in logits.shape[1:])
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        corners = torch.stack((x, y), dim=-1).reshape(-1, 2).float()
        unit = corners.new_tensor((W / width, H / height))
        return Windows(narrow, logits, torch.cat((corners * unit, (corners + self.patch) * unit), dim=1))

    def keep(self, scales: Sequence[Windows], image: int, scores: Tensor, size: tuple[int, int]) -> Detections:
        """Decode the masks of the best windows of one image, and leave out what is empty or there already."""
        keeping = self.keeping
        best = scores.topk(min(len(scores), 2 * keeping.max_detections)).indices
        best = best[scores[best] > keeping.score_threshold]
        beliefs, squares = self.beliefs(scales, image, best)
        boxes, whole = extents(beliefs > keeping.mask_threshold, squares)
        boxes = clip_boxes_to_image(boxes, size)
        whole = whole & (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
        chosen = torch.nonzero(whole).flatten()
        chosen = chosen[nms(boxes[chosen], scores[best][chosen], keeping.nms_threshold)][: keeping.max_detections]
        found = {"boxes": boxes[chosen], "scores": scores[best][chosen], "labels": torch.zeros_like(chosen)}
        if self.masks:
            pasted = paste_masks_in_image(beliefs[chosen][:, None], squares[chosen], size)
            found["masks"] = pasted[:, 0] > keeping.mask_threshold
        return found

    def beliefs(self, scales: Sequence[Windows], image: int, best: Tensor) -> tuple[Tensor, Tensor]:
        """Masks (N, side, side) in [0, 1] and squares (N, 4) of the windows `best` (N,) of an image, of all scales in a row.

        Only these are decoded: the code of a window is the dearest layer of all.
        """
        side = self.heads.side
        beliefs, squares = (
            torch.zeros(len(best), side, side, device=best.device),
            torch.zeros(len(best), 4, device=best.device),
        )
        start = 0
        for scale in scales:
            here = torch.nonzero((best >= start) & (best < start + len(scale.squares))).flatten()
            numbers = best[here] - start
            for part, some in zip(here.split(CHUNK), numbers.split(CHUNK), strict=True):
                beliefs[part] = self.heads.masks(scale.cut(image, some, self.patch // STRIDE)).sigmoid()
            squares[here] = scale.squares[numbers]
            start += len(scale.squares)
        return beliefs, squares


def extents(masks: Tensor, squares: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes (N, 4) around masks (N, m, m) that lie in squares (N, 4), and whether there is anything in each (N,)."""
    m = masks.shape[-1]
    lines = torch.stack((masks.any(dim=1), masks.any(dim=2)), dim=1).float()  # (N, 2, m): columns, then rows
    first, last = lines.argmax(dim=2), m - lines.flip(2).argmax(dim=2)
    sides = squares[:, 2:] - squares[:, :2]
    return torch.cat((squares[:, :2] + first / m * sides, squares[:, :2] + last / m * sides), dim=1), masks.any(2).any(
        1
    )


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    patch: int = 224,
    width: int = 512,
    sizes: Sequence[float] = (64, 90, 128, 181, 256, 362, 512),
    frozen_stride: int = 0,
    patches: int = 16,
    shift: float = SHIFT,
    masks: bool = True,
    **keeping: float,
) -> DeepMask:
    """A DeepMask in images of C `bands` on any backbone; `classes` does not matter, proposals have none.

    `sizes` are the longer sides, in pixels, of the objects that are looked for, `patch` the side of a window at which an
    object of the right size fills four sevenths, `patches` how many of an image are learnt from. Those with an object
    are moved by up to the share `shift` of a patch: windows lie 16 pixels apart, so that small patches need 8 / `patch` for no
    object to lie between two. `masks` says whether detections hold them. `keeping` is what differs from
    the defaults of `Keeping`.
    """
    if not 0 <= shift < FILLED:
        raise ZooError(f"shift={shift} must be at least 0 and below {FILLED:.2f}, or objects are not in their patches")
    if patch < 4 * STRIDE or patch % (2 * STRIDE):
        raise ZooError(f"patch={patch} must be a multiple of {2 * STRIDE} of at least {4 * STRIDE}")
    trunk = prepare_backbone(backbone, (STRIDE,), frozen_stride)
    heads = WindowHeads(trunk.channels[0], width, patch // STRIDE, patch // 4)
    model = DeepMask(trunk, bands, heads, patch, sizes)
    model.patches, model.shift, model.masks = patches, shift, masks
    model.keeping = Keeping(**keeping)  # type: ignore[arg-type]
    return model
