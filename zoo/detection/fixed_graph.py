"""A detector as a fixed graph: what it says of an image in tensors whose shapes do not depend on what is in the image.

Exports are made of it. What `Postprocess` does with lists is done here with tensors: candidates beyond the best few have
their scores set to 0, so have boxes that a better one suppresses, and the best that remain are gathered. Suppression has
no operator that every format knows: it is a node `zoo::Suppressed` of the graph, which the writer of a format replaces.
Views are not averaged.
"""

import torch
from torch import Tensor, nn

from zoo.detection.detector import DenseDetector

#: Domain and type of the node that stands for suppression, with inputs boxes (B, P, D) and scores (B, K, P); its output
#: are the scores (B, K, P), 0 where a better box of the same class overlaps by more than the threshold.
DOMAIN, SUPPRESSED = "zoo", "Suppressed"
#: Names of the outputs, in their order; those of chosen detections come first, where they are asked for.
CHOSEN, DENSE = ("boxes", "scores", "labels"), ("dense_boxes", "dense_scores")


class FixedGraph(nn.Module):
    """Images (B, C, H, W) in [0, 1] to dense boxes (B, P, D) and scores (B, P, K); D is 4 (xyxy) or 5 (CXCYWHR, degrees).

    With `choosing` detections come before: boxes (B, M, D), scores (B, M) in falling order, labels (B, M) int64, with M the
    largest number of detections; where there are fewer, score and box are 0 and the label is -1.
    """

    def __init__(self, model: DenseDetector, choosing: bool) -> None:
        super().__init__()
        self.model, self.choosing = model, choosing

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Everything of fixed shape; the names are `CHOSEN` and `DENSE`."""
        boxes, scores = dense(self.model, images)
        return (*self.choose(boxes, scores), boxes, scores) if self.choosing else (boxes, scores)

    def choose(self, boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Detections from dense boxes (B, P, D) and scores (B, P, K)."""
        settings, by_class = self.model.postprocess, scores.transpose(1, 2)  # (B, K, P)
        least = best(by_class.flatten(1), settings.candidates)[0][:, -1]
        among = torch.where(by_class >= least[:, None, None], by_class, 0.0)
        left = suppressed(boxes, among)
        found, places = best(left.transpose(1, 2).flatten(1), settings.max_detections)
        there, classes = found > 0, scores.shape[2]
        points = torch.where(there, places // classes, 0)[..., None].expand(-1, -1, boxes.shape[2])
        chosen = torch.where(there[..., None], boxes.gather(1, points), 0.0)
        return chosen, found, torch.where(there, places % classes, -1)


def dense(model: DenseDetector, images: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes (B, P, D), cut to the image, and scores (B, P, K) of images (B, C, H, W), before any is chosen."""
    height, width = images.shape[-2:]
    boxes, scores = model.places(model.pad(images))
    return model.geometry.clip(boxes, height, width), scores


def best(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest of values (B, N) of 0 or more and their places, both (B, count); 0 where N is smaller."""
    padded = nn.functional.pad(values, (0, count))
    found = padded.topk(count, dim=1)
    return found.values, found.indices


def suppressed(boxes: Tensor, scores: Tensor) -> Tensor:
    """The node for suppression; it computes nothing before a writer replaces it."""
    return torch.onnx.ops.symbolic(
        f"{DOMAIN}::{SUPPRESSED}", (boxes, scores), dtype=scores.dtype, shape=scores.shape, version=1
    )
