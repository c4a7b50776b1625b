"""What exported sequence models are asked: noise of several lengths, the same each time."""

import torch

import zoo
from zoo.exports.exporter import Arguments
from zoo.exports.facts import Facts

#: Numbers of words and characters that are asked about are below this.
TOKENS = 120


def whole(facts: Facts) -> bool:
    """Tell whether the steps are whole numbers, of words or tokens."""
    return zoo.card(facts.model).designed_for.dtype == "int64"


def made(facts: Facts, *hundredths: int, seed: int = 0) -> Arguments:
    """Return noise (B, T, F) and lengths (B,), so many hundredths of a second of a waveform, or so many steps."""
    rate = facts.data.get("sample_rate") or zoo.card(facts.model).designed_for.sample_rate
    lengths = torch.tensor([max(1, count * int(rate) // 100 if rate else count) for count in hundredths])
    shape = len(lengths), int(lengths.max()), len(facts.bands)
    random = torch.Generator().manual_seed(seed)
    if whole(facts):
        known = min(TOKENS, int(facts.options.get("vocabulary") or TOKENS))
        return torch.randint(1, known, shape, generator=random).float(), lengths
    return torch.rand(shape, generator=random) - 0.5, lengths


def written(count: int, steps: int, known: int) -> torch.Tensor:
    """Return tokens (B, L) int64 below `known` that a model is said to have written, for `count` inputs."""
    random = torch.Generator().manual_seed(count)
    return torch.randint(0, min(known, TOKENS), (count, steps), generator=random)
