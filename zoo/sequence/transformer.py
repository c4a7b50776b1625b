"""Transformer: an encoder-decoder of attention alone, small.

Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; normalisation before each part, as in Xiong et al. 2020,
https://arxiv.org/abs/2002.04745. In use it writes token after token and keeps the keys and values of those before.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.attention import SelfAttention, positions
from zoo.sequence.kinds import EncoderDecoder, State
from zoo.sequence.masking import valid
from zoo.sequence.words import numbers


class Attention(nn.Module):
    """Attention of H heads with a projection of its own for what asks and for what is asked."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.asking, self.telling = nn.Linear(width, width), nn.Linear(width, 2 * width, bias=False)
        self.mixing = nn.Linear(width, width)

    def memory(self, steps: Tensor) -> Tensor:
        """Return keys beside values (B, T, 2 C) of steps (B, T, C)."""
        return self.telling(steps)

    def forward(self, asking: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return what steps (B, L, C) find in a memory (B, T, 2 C) under a mask (B, L or 1, T), and where, (B, L, T)."""
        B, L, C = asking.shape
        query, key, value = (
            part.view(B, part.shape[1], self.heads, C // self.heads).transpose(1, 2)
            for part in (self.asking(asking), *memory.chunk(2, dim=2))
        )
        scores = (query @ key.transpose(2, 3)).float() * (C // self.heads) ** -0.5
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(dim=3)  # (B, H, L, T)
        found = (weights.to(value.dtype) @ value).transpose(1, 2).reshape(B, L, C)
        return self.mixing(found), weights.mean(dim=1)


class Writer(nn.Module):
    """A layer of the decoder: attention to what was written, to what was read, two linear layers."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.own, self.other = Attention(width, heads), Attention(width, heads)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def remember(self, steps: Tensor) -> Tensor:
        """Return what later steps find of these (B, L, C): keys beside values."""
        return self.own.memory(self.norms[0](steps))

    def forward(self, steps: Tensor, masks: tuple[Tensor, Tensor], past: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        """Return steps (B, L, C) after `past`, what was written (B, P, 2 C), and `read` (B, T, 2 C); and where they looked."""
        steps = steps + self.dropout(self.own(self.norms[0](steps), past, masks[0])[0])
        found, attention = self.other(self.norms[1](steps), read, masks[1])
        steps = steps + self.dropout(found)
        return steps + self.dropout(self.narrow(F.gelu(self.wide(self.norms[2](steps))))), attention


class Transformer(EncoderDecoder):
    """Tokens (B, T, 1) and lengths (B,) to tokens; see `EncoderDecoder`."""

    def __init__(self, classes: int, vocabulary: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.width, self.dropout = width, nn.Dropout(dropout)
        self.read_table = nn.Embedding(vocabulary, width, padding_idx=0)
        self.written_table = nn.Embedding(classes, width)
        for table in (self.read_table, self.written_table):
            nn.init.normal_(table.weight, std=width**-0.5)
        self.readers = nn.ModuleList(SelfAttention(width, heads, dropout) for _ in range(layers))
        self.writers = nn.ModuleList(Writer(width, heads, dropout) for _ in range(layers))
        self.read_norm, self.written_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.classifier = nn.Linear(width, classes)

    def embed(self, table: nn.Module, tokens: Tensor, first: int = 0) -> Tensor:
        """Return vectors (B, L, C) of tokens (B, L) at the places from `first` on."""
        places = positions(first + tokens.shape[1], self.width)[first:].to(tokens.device)
        return self.dropout(table(tokens) * self.width**0.5 + places)

    def encode(self, inputs: Tensor, lengths: Tensor) -> State:
        """See `EncoderDecoder`."""
        tokens = numbers(inputs, lengths, 1)[..., 0]
        inside = valid(lengths, tokens.shape[1])
        steps = self.embed(self.read_table, tokens)
        for layer in self.readers:
            steps = layer(steps, inside)
        steps = self.read_norm(steps)
        read = torch.stack([layer.other.memory(steps) for layer in self.writers], dim=1)  # type: ignore[operator,union-attr]
        past = read.new_zeros(read.shape[0], len(self.writers), 0, 2 * self.width)
        return {"read": read, "inside": inside, "past": past, "attention": torch.zeros_like(steps[..., 0])}

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """See `EncoderDecoder`."""
        answers, state = self.write(tokens[:, None], state)
        return answers[:, 0], state

    def write(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, L, K) after tokens (B, L), which follow on those of the state, and the state behind them."""
        written, (_, L) = state["past"].shape[2], tokens.shape
        steps, past = self.embed(self.written_table, tokens, written), []
        order = torch.arange(written + L, device=tokens.device)
        masks = (order <= order[written:, None])[None], state["inside"][:, None]
        attention = state["attention"][:, None]
        for i, layer in enumerate(self.writers):
            past.append(torch.cat([state["past"][:, i], layer.remember(steps)], dim=1))  # type: ignore[operator]
            steps, attention = layer(steps, masks, past[i], state["read"][:, i])
        logits = self.classifier(self.written_norm(steps))
        return logits, {**state, "past": torch.stack(past, dim=1), "attention": attention[:, -1]}

    def forward(self, inputs: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
        """See `EncoderDecoder`."""
        return self.write(tokens, self.encode(inputs, lengths))[0]


def build(
    classes: int,
    bands: int,
    *,
    vocabulary: int = 512,
    width: int = 128,
    layers: int = 2,
    heads: int = 4,
    dropout: float = 0.1,
) -> Transformer:
    """Build a translator from `vocabulary` tokens to as many as there are classes, of so many layers on both sides."""
    if bands != 1:
        raise ZooError(f"a translator reads one number a step, its token; bands={bands} are not it")
    if width % (2 * heads):
        raise ZooError(f"model.width={width} must be a multiple of {2 * heads}, twice model.heads")
    return Transformer(classes, vocabulary, width, layers, heads, dropout)
