"""A linear probe: features of all training images, computed once, and the last layer solved for.

The layer is a ridge regression to the classes, whose strength leave-one-out error chooses; validation scales its logits.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tasks.base.epochs import batches_of_epochs
from zoo.sequence.closed_form import ridge

#: Strengths of the ridge that are tried, for features of deviation 1.
STRENGTHS = torch.logspace(1, 5, 17)


def solve_head(model: Any, head: nn.Linear, loader: DataLoader, memory_format: torch.memory_format) -> int:
    """Settle the last layer of a classifier in place by one look at all training images; return how many they were."""
    features, shares = gathered(model, loader, memory_format)
    mean, deviation = features.mean(dim=0), features.std(dim=0).clamp(min=1e-6)
    weights, offset, _ = ridge((features - mean) / deviation, shares, STRENGTHS)
    with torch.no_grad():
        head.weight.copy_((weights / deviation[:, None]).T)
        head.bias.copy_(offset - (mean / deviation) @ weights)
    return len(features)


def gathered(model: Any, loader: DataLoader, memory_format: torch.memory_format) -> tuple[Tensor, Tensor]:
    """Return features (N, F) and shares of classes (N, K) of all training images."""
    model.eval()
    found: list[tuple[Tensor, Tensor]] = []
    with torch.inference_mode():
        for batch in batches_of_epochs(loader, 1):
            seen = model.features(batch["images"].contiguous(memory_format=memory_format))
            found.append((seen.float(), batch["labels"]))
    features, shares = (torch.cat(parts).clone() for parts in zip(*found, strict=True))
    return features, shares
