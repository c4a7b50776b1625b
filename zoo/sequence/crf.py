"""A linear-chain conditional random field: tags that are likely together, not each for itself.

Lafferty et al. 2001, “Conditional Random Fields”; as the last layer of a network: Lample et al. 2016,
https://arxiv.org/abs/1603.01360. Everything is computed in logarithms, in float32.
"""

import torch
from torch import Tensor, nn

from zoo.sequence.masking import valid


class Crf(nn.Module):
    """Scores of tags following one another (K, K), and of tags at both ends (K,)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.follow = nn.Parameter(torch.empty(classes, classes).uniform_(-0.1, 0.1))
        self.first = nn.Parameter(torch.empty(classes).uniform_(-0.1, 0.1))
        self.last = nn.Parameter(torch.empty(classes).uniform_(-0.1, 0.1))

    def partition(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """Return the logarithm (B,) of the summed weight of all paths through logits (B, T, K); -inf forbids a tag."""
        inside = valid(lengths, logits.shape[1])
        alpha = self.first + logits[:, 0]
        for t in range(1, logits.shape[1]):
            onward = torch.logsumexp(alpha[:, :, None] + self.follow, dim=1) + logits[:, t]
            alpha = torch.where(inside[:, t, None], onward, alpha)
        return torch.logsumexp(alpha + self.last, dim=1)

    def loss(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Return the negative log-likelihood of tags (B, T) for each step of the batch, a scalar.

        Where a tag is below 0 all tags are allowed: the paths that agree with what is known count together.
        """
        logits, K = logits.float(), logits.shape[2]
        inside = valid(lengths, logits.shape[1])[..., None]
        logits = logits.masked_fill(~inside, 0.0)
        agrees = (tags[..., None] == torch.arange(K, device=tags.device)) | (tags[..., None] < 0) | ~inside
        agreeing = logits.masked_fill(~agrees, -torch.inf)
        return (self.partition(logits, lengths) - self.partition(agreeing, lengths)).sum() / lengths.sum()

    def decode(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """Return the most likely path (B, T) through logits (B, T, K), 0 behind its length (Viterbi)."""
        B, T, K = logits.shape
        inside, stay = valid(lengths, T), torch.arange(K, device=logits.device).expand(B, K)
        logits = logits.float().masked_fill(~inside[..., None], 0.0)
        best, back = self.first + logits[:, 0], []
        for t in range(1, T):
            score, origin = (best[:, :, None] + self.follow).max(dim=1)
            best = torch.where(inside[:, t, None], score + logits[:, t], best)
            back.append(torch.where(inside[:, t, None], origin, stay))
        path = [(best + self.last).argmax(dim=1)]
        for origin in reversed(back):
            path.append(origin.gather(1, path[-1][:, None])[:, 0])
        return torch.stack(path[::-1], dim=1).masked_fill(~inside, 0)
