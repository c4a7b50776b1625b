"""Whisper's network: 30 seconds as keys and values for the decoder, and the scores of tokens behind those that were written.

Radford et al. 2022, https://arxiv.org/abs/2212.04356. The layers are those of transformers; keys and values are plain tensors
that are handed in and given back, so that a graph of another runtime can do the same.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.kinds import State
from zoo.sequence.whisper_front import WhisperFront

#: Parts of a state: keys and values of what was heard, and of what was written, by layer.
HEARD, WRITTEN = ("heard_keys", "heard_values"), ("written_keys", "written_values")


class WhisperNetwork(nn.Module):
    """Front end, encoder, and decoder; `encode` makes a state, `write` takes it and gives the next."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.front, self.encoder, self.decoder = WhisperFront(), network.encoder, network.decoder

    def listen(self, pieces: Tensor) -> Tensor:
        """Return what is heard (B, 1500, D) in waveforms (B, 480,000)."""
        return self.encoder(self.front(pieces)).last_hidden_state

    def encode(self, pieces: Tensor) -> State:
        """Return the state before anything is written: for each layer keys and values (B, heads, steps, D / heads)."""
        heard, state = self.listen(pieces), dict[str, Tensor]()
        for i, layer in enumerate(self.decoder.layers):
            found = keys_and_values(layer.encoder_attn, heard)
            state |= {f"{name}_{i}": part for name, part in zip(HEARD, found, strict=True)}
            state |= {f"{name}_{i}": found[0][:, :, :0] for name in WRITTEN}
        return state

    def write(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, L, V) behind tokens (B, L), which follow on those of the state, and the state behind them."""
        before, (_, L) = state[f"{WRITTEN[0]}_0"].shape[2], tokens.shape
        steps = self.decoder.embed_tokens(tokens) + self.decoder.embed_positions.weight[before : before + L]
        places = torch.arange(before + L, device=tokens.device)
        mask = places <= places[before:, None]
        for i, layer in enumerate(self.decoder.layers):
            normed = layer.self_attn_layer_norm(steps)
            new = zip(WRITTEN, keys_and_values(layer.self_attn, normed), strict=True)
            own = {f"{name}_{i}": torch.cat([state[f"{name}_{i}"], part], dim=2) for name, part in new}
            state = {**state, **own}
            steps = steps + attend(layer.self_attn, normed, list(own.values()), mask)
            asking = layer.encoder_attn_layer_norm(steps)
            steps = steps + attend(layer.encoder_attn, asking, [state[f"{name}_{i}"] for name in HEARD], None)
            steps = steps + layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(steps))))
        return F.linear(self.decoder.layer_norm(steps), self.decoder.embed_tokens.weight), state


def keys_and_values(attention: Any, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Return what steps (B, L, D) are found by, and what is found: (B, heads, L, D / heads) each."""
    return heads(attention, attention.k_proj(steps)), heads(attention, attention.v_proj(steps))


def heads(attention: Any, steps: Tensor) -> Tensor:
    """Return steps (B, L, D) divided among the heads: (B, heads, L, D / heads)."""
    return steps.unflatten(2, (attention.num_heads, attention.head_dim)).transpose(1, 2)


def attend(attention: Any, steps: Tensor, found: list[Tensor], mask: Tensor | None) -> Tensor:
    """Return what steps (B, L, D) find in keys and values, where a mask (L, T) lets them look."""
    query = heads(attention, attention.q_proj(steps))
    seen = F.scaled_dot_product_attention(query, found[0], found[1], attn_mask=mask)
    return attention.out_proj(seen.transpose(1, 2).flatten(2))
