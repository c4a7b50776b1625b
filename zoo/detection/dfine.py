"""D-FINE: a transformer detector in real time, which refines distributions of the sides of a box from layer to layer.

Peng et al. 2024, https://arxiv.org/abs/2410.13842, on RT-DETR (Zhao et al. 2023, https://arxiv.org/abs/2304.08069): the
hybrid encoder (attention within the coarsest map, convolutions between maps), queries chosen by the encoder, contrastive
denoising in training, deformable attention, one detection a query without suppression. Network and losses are those of
the library transformers (Apache-2.0, https://github.com/huggingface/transformers), which follow the authors' code
(Apache-2.0, https://github.com/Peterande/D-FINE); the backbone, images of any bands and size, and detections are the zoo's.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.ops import box_convert

from zoo.detection.detector import Backbone, DenseDetector, Target, prepare_backbone
from zoo.detection.postprocess import Postprocess
from zoo.errors import ZooError

#: Losses by the beginnings of their names in transformers, where they are weighted already.
LOSSES = {
    "loss_vfl": "classification",
    "loss_bbox": "box",
    "loss_giou": "giou",
    "loss_fgl": "localisation",
    "loss_ddf": "distillation",
}
PRIOR = 0.01  # score of every class at the start, as in the authors' code


class Handed(nn.Module):
    """Stands where transformers has its backbone, and gives the maps (B, F, H_i, W_i) that it was handed for this call."""

    maps: Sequence[Tensor] = ()

    def forward(self, images: Tensor, mask: Tensor) -> list[tuple[Tensor, None]]:
        """The maps, of which nothing is masked."""
        return [(feature, None) for feature in self.maps]


class DFine(DenseDetector):
    """Backbone → hybrid encoder → chosen queries → decoder layers; see the contract in `zoo.detection`."""

    class_layers: ClassVar[tuple[str, ...]] = (
        "network.decoder.class_embed.",
        "network.enc_score_head.",
        "network.denoising_class_embed.",
    )

    def __init__(
        self, backbone: Backbone, bands: int, network: Any, config: Any, side: int, score_threshold: float
    ) -> None:
        super().__init__(backbone, bands)
        self.network, self.config = network, config
        queries = config.num_queries
        # of which none suppresses another
        self.postprocess = Postprocess(score_threshold, 1.0, max_detections=queries, candidates=queries)
        self.network.backbone = Handed()
        # places and sizes are shares of the image, so small images are padded to the side of those of training; and each
        # query needs a cell of its own
        least = max(side, math.sqrt(config.num_queries / sum(stride**-2 for stride in config.feat_strides)))
        self.least = math.ceil(least / self.divisor) * self.divisor

    def framed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images padded to at least the least side, and their width, height, width, height (4,): the unit of boxes."""
        height, width = images.shape[-2:]
        images = pad(images, (0, max(0, self.least - width), 0, max(0, self.least - height)))
        return images, images.new_tensor((images.shape[-1], images.shape[-2]) * 2, dtype=torch.float32)

    def predict(self, images: Tensor, truth: Sequence[Mapping[str, Tensor]] | None = None) -> Any:
        """What the network of transformers says of framed images; with `truth` it denoises too.

        All behind the backbone is float32: sampling and sums over distributions lose too much in bfloat16.
        """
        maps = [feature.float() for feature in self.backbone(images)]
        with torch.autocast(images.device.type, enabled=False):
            self.network.backbone.maps = maps
            try:
                return self.network(images, labels=truth)
            finally:
                self.network.backbone.maps = ()

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Varifocal, L1, GIoU and the distributions' losses, each summed over decoder layers and denoised queries."""
        from transformers.loss.loss_d_fine import DFineForObjectDetectionLoss

        images, unit = self.framed(images)
        truth = [
            {"class_labels": t["labels"], "boxes": box_convert(t["boxes"] / unit, "xyxy", "cxcywh")} for t in targets
        ]
        found = self.predict(images, truth)
        with torch.autocast(images.device.type, enabled=False):
            _, parts, _ = DFineForObjectDetectionLoss(
                found.intermediate_logits[:, -1],
                truth,
                images.device,
                found.intermediate_reference_points[:, -1],
                self.config,
                found.intermediate_logits,
                found.intermediate_reference_points,
                enc_topk_logits=found.enc_topk_logits,
                enc_topk_bboxes=found.enc_topk_bboxes,
                denoising_meta_values=found.denoising_meta_values,
                predicted_corners=found.intermediate_predicted_corners,
                initial_reference_points=found.initial_reference_points,
            )
        return summed(parts)

    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As many places as there are queries; a query may be found for more than one class."""
        images, unit = self.framed(images)
        found = self.predict(images)
        boxes = box_convert(found.intermediate_reference_points[:, -1], "cxcywh", "xyxy") * unit  # (B, Q, 4)
        return boxes, found.intermediate_logits[:, -1].sigmoid()


def summed(parts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Losses of transformers by kind: those of one name, whatever layer they are of, added up."""
    kinds = {name: [value for key, value in parts.items() if key.startswith(name)] for name in LOSSES}
    return {LOSSES[name]: torch.stack(values).sum() for name, values in kinds.items() if values}


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    strides: Sequence[int] = (8, 16, 32),
    channels: int = 128,
    layers: int = 3,
    queries: int = 300,
    denoising: int = 100,
    side: int = 0,
    frozen_stride: int = 0,
    score_threshold: float = 0.005,
) -> DFine:
    """A D-FINE of K `classes` in images of C `bands`, on the `strides` of any backbone.

    `channels` are those of the encoder and, times four, of its feed-forward layers; the decoder has `layers`. It gives as
    many detections as `queries`; `denoising` of these are added in training. Layers up to `frozen_stride` are not trained.
    Boxes are learnt as shares of the image: one smaller than `side` pixels, that of training's, is padded; on a larger one
    the sizes of boxes are wrong.
    """
    from transformers import DFineConfig, DFineForObjectDetection

    if channels % 8:
        raise ZooError(f"channels={channels} must be a multiple of 8, the heads of attention")
    trunk = prepare_backbone(backbone, strides, frozen_stride)
    levels = len(strides)
    config = DFineConfig(
        num_labels=classes,  # type: ignore[call-arg]  # of its base class
        backbone_config=stand_in(trunk.channels),
        freeze_backbone_batch_norms=False,
        encoder_in_channels=list(trunk.channels),
        encoder_hidden_dim=channels,
        encoder_ffn_dim=4 * channels,
        encode_proj_layers=[levels - 1],
        feat_strides=list(strides),
        depth_mult=0.5,
        hidden_expansion=0.5,
        d_model=channels,
        decoder_in_channels=[channels] * levels,
        decoder_ffn_dim=4 * channels,
        decoder_layers=layers,
        num_feature_levels=levels,
        num_queries=queries,
        num_denoising=denoising,
        initializer_bias_prior_prob=PRIOR,
    )
    return DFine(trunk, bands, DFineForObjectDetection(config).model, config, side, score_threshold)


def stand_in(channels: Sequence[int]) -> Any:
    """A configuration of the smallest backbone of transformers with maps of these channels; it is replaced when built."""
    from transformers import ResNetConfig

    sizes = list(channels)
    stages = [f"stage{i + 1}" for i in range(len(sizes))]
    return ResNetConfig(
        embedding_size=8,
        hidden_sizes=sizes,
        depths=[1] * len(sizes),
        layer_type="basic",
        out_features=stages,  # type: ignore[call-arg]  # of its base class
    )
