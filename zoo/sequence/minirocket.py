"""MiniRocket: random convolutions, the share of steps above a threshold, and a ridge classifier solved for at once.

Dempster et al. 2021, https://arxiv.org/abs/2012.08791, after ROCKET, https://arxiv.org/abs/1910.13051; several channels
as in the authors' https://github.com/angus924/minirocket (GPL-3.0, no code taken). It departs from them in its number of
dilations, which is the same for every length, so that weights of one shape serve all.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.closed_form import Batch, ClosedForm, ridge
from zoo.sequence.masking import valid
from zoo.sequence.standardise import Standardise

#: A kernel has nine taps, three of weight 2 and six of weight -1: 84 kernels. Section 3.1.
TAPS, KERNELS = 9, tuple(combinations(range(9), 3))
#: Dilations, and thresholds for each kernel and dilation: 84 · 12 · 10 = 10,080 features, near the authors' 10,000.
DILATIONS, THRESHOLDS = 12, 10
#: Strengths of the ridge that are tried, and sequences that thresholds are read from.
STRENGTHS, EXAMPLES = torch.logspace(-3, 3, 13), 256


class MiniRocket(ClosedForm):
    """Series (B, T, F) to logits (B, K), by features that are never trained and a linear layer that is solved for."""

    kernels: Tensor
    dilations: Tensor
    thresholds: Tensor

    def __init__(self, classes: int, front: Standardise, looks: int, seed: int) -> None:
        super().__init__()
        self.front, self.looks = front, looks
        random = torch.Generator().manual_seed(seed)
        features = front.features
        self.register_buffer("kernels", kernels(features, random))
        self.register_buffer("dilations", spread(100))
        # as for white noise, until the training data say otherwise
        noise = torch.special.ndtri(golden(len(KERNELS) * DILATIONS * THRESHOLDS)) * math.sqrt(18.0)
        self.register_buffer("thresholds", noise.view(DILATIONS, THRESHOLDS, len(KERNELS)))
        self.classifier = nn.Linear(noise.numel(), classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K)."""
        return self.classifier(self.features(self.front(inputs, lengths).values, lengths))

    def features(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return for each kernel, dilation and threshold the share of valid steps above it, minus a half: (B, D)."""
        whole, found = valid(lengths, steps.shape[1])[:, None], []
        for index, dilation in enumerate(self.dilations.tolist()):
            maps = self.convolve(steps, dilation)  # (B, 84, T)
            inside = whole & within(lengths, steps.shape[1], 4 * dilation)[:, None]
            masks = torch.where(torch.arange(len(KERNELS), device=steps.device)[:, None] % 2 == 0, whole, inside)
            counts = masks.sum(dim=2)
            for threshold in self.thresholds[index]:
                found.append(((maps > threshold[:, None]) & masks).sum(dim=2) / counts)
        return torch.stack(found, dim=1).flatten(1) - 0.5

    def convolve(self, steps: Tensor, dilation: int) -> Tensor:
        """Return the answer of every kernel at every step of steps (B, T, F): (B, 84, T)."""
        with torch.autocast(steps.device.type, enabled=False):  # thresholds are near the values: eight bits are too few
            return F.conv1d(steps.float().transpose(1, 2), self.kernels, padding=4 * dilation, dilation=dilation)

    @torch.no_grad()
    def solve(self, batches: Sequence[Batch]) -> None:
        """Read the thresholds off the training data, then solve for the linear layer."""
        self.train()
        for batch in batches:
            self.front(batch["inputs"], batch["lengths"])
        self.eval()
        self.settle(batches)
        rows = [
            self.features(self.front(batch["inputs"], batch["lengths"]).values, batch["lengths"]) for batch in batches
        ]
        labels = torch.cat([batch["labels"] for batch in batches])
        targets = 2 * F.one_hot(labels, self.classifier.out_features).float() - 1
        weights, offset, left_out = ridge(torch.cat(rows), targets, STRENGTHS)
        scale = temperature(left_out, labels)
        self.classifier.weight.copy_(weights.T * scale)
        self.classifier.bias.copy_(offset * scale)

    def settle(self, batches: Sequence[Batch]) -> None:
        """Set dilations by the longest sequence, and thresholds by the quantiles of what kernels answer to sequences."""
        self.dilations.copy_(spread(max(int(batch["lengths"].max()) for batch in batches)))
        quantiles = golden(self.thresholds.numel()).view_as(self.thresholds)
        steps, lengths = examples(batches)
        values = self.front(steps, lengths).values
        for index, dilation in enumerate(self.dilations.tolist()):
            answers = self.convolve(values, dilation).transpose(1, 2)[valid(lengths, values.shape[1])]  # (N, 84)
            ranked = answers.T.sort(dim=1).values  # (84, N)
            places = (quantiles[index] * (ranked.shape[1] - 1)).long()  # (thresholds, 84)
            self.thresholds[index] = ranked.gather(1, places.T).T


def kernels(features: int, random: torch.Generator) -> Tensor:
    """Return the 84 kernels, each over some of the features, their number drawn evenly in its logarithm: (84, F, 9)."""
    made = torch.full((len(KERNELS), 1, TAPS), -1.0)
    for index, places in enumerate(KERNELS):
        made[index, 0, list(places)] = 2.0
    most = min(features, TAPS)
    counts = 2 ** (torch.rand(len(KERNELS), generator=random) * math.log2(most + 1))
    order = torch.rand(len(KERNELS), features, generator=random).argsort(dim=1).argsort(dim=1)
    return made * (order < counts.long()[:, None])[..., None]


def spread(length: int) -> Tensor:
    """Return the dilations: evenly in their logarithm, up to where a kernel spans the whole length."""
    most = max(1.0, (length - 1) / (TAPS - 1))
    return (most ** torch.linspace(0, 1, DILATIONS)).long()


def golden(count: int) -> Tensor:
    """Return so many numbers in (0, 1), spread evenly however few of them are taken: multiples of the golden ratio."""
    return (torch.arange(1, count + 1) * ((math.sqrt(5) + 1) / 2)) % 1


def within(lengths: Tensor, steps: int, edge: int) -> Tensor:
    """Return the mask (B, T) of steps at least `edge` from both ends; all steps where none is."""
    place = torch.arange(steps, device=lengths.device)
    inside = (place >= edge) & (place < lengths[:, None] - edge)
    return inside | ~inside.any(dim=1, keepdim=True)


def examples(batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
    """Return the first sequences of the batches, at most `EXAMPLES`, as one batch."""
    chosen = [
        batch["inputs"][i, :length]
        for batch in batches[: 1 + EXAMPLES // len(batches[0]["lengths"])]
        for i, length in enumerate(batch["lengths"].tolist())
    ][:EXAMPLES]
    return nn.utils.rnn.pad_sequence(chosen, batch_first=True), torch.tensor([len(steps) for steps in chosen])


def temperature(left_out: Tensor, labels: Tensor) -> float:
    """Return the factor that makes the regression's answers logits: the best for rows that it was not solved on."""
    tried = torch.logspace(-1, 1.5, 26)
    losses = torch.stack([F.cross_entropy(left_out * factor, labels) for factor in tried])
    return float(tried[losses.argmin()])


def build(classes: int, bands: int, *, normalise: str = "channel", looks: int = 1, seed: int = 0) -> MiniRocket:
    """Build a MiniRocket; `looks` is how often it goes round augmented training data, `seed` draws channels."""
    return MiniRocket(classes, Standardise(bands, normalise), looks, seed)
