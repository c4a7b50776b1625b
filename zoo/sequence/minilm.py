"""MiniLM: a sentence encoder of six layers that knows English; texts by few examples, and words with their context.

Wang et al. 2020, “MiniLM: Deep Self-Attention Distillation”, https://arxiv.org/abs/2002.10957; trained on pairs of sentences
by Reimers and Gurevych, https://arxiv.org/abs/1908.10084. The network is BERT's, of transformers (Apache-2.0). Words come as
the code points of their characters (`words`) and are cut into pieces here, by the vocabulary that the weights bring.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence import words
from zoo.sequence.masking import valid
from zoo.sequence.tokenizer import PretrainedTokenizer

WIDTH, LAYERS, HEADS, VOCABULARY, LONGEST = 384, 6, 12, 30522, 512
#: The pieces that begin and end a text, and one that the vocabulary does not hold.
BEGIN, END, UNKNOWN = 101, 102, 100
#: Words whose pieces are kept.
KEPT = 100_000


class Window(NamedTuple):
    """Pieces of a stretch of a text between BEGIN and END, and for each the step that it belongs to, -1 for these two."""

    row: int
    pieces: list[int]
    steps: list[int]


class MiniLM(nn.Module):
    """Words (B, T, F) and lengths (B,) to logits of the text (B, K), or of each word (B, T, K) where `output` is tag."""

    normalise = None
    any_bands = True  # words are read by their characters, however many of these a row holds

    def __init__(self, classes: int, features: int, network: nn.Module, output: str, dropout: float) -> None:
        super().__init__()
        self.features, self.output, self.network, self.tokenizer = features, output, network, PretrainedTokenizer()
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(WIDTH, classes)
        self.known: dict[tuple[int, ...], list[int]] = {}

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits of words (B, T, F), whole numbers as `zoo.sequence.words` lays them out."""
        found = self.steps(inputs, lengths) if self.output == "tag" else self.embed(inputs, lengths)
        return self.classifier(self.dropout(found))

    def embed(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return embeddings (B, 384) of texts, of length 1: their product is how near two of them are."""
        windows, seen, mask = self.read(inputs, lengths)
        rows = torch.tensor([window.row for window in windows], device=seen.device)
        summed = seen.new_zeros(len(inputs), WIDTH).index_add(0, rows, (seen * mask[..., None]).sum(dim=1))
        counts = seen.new_zeros(len(inputs)).index_add(0, rows, mask.sum(dim=1).to(seen.dtype))
        return F.normalize(summed / counts[:, None], dim=1)

    def steps(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return each word (B, T, 384) in its context: the mean of its pieces; 0 behind a text."""
        windows, seen, _ = self.read(inputs, lengths)
        B, T, _ = inputs.shape
        where, vectors = [], []
        for window, row in zip(windows, seen, strict=True):
            own = [i for i, step in enumerate(window.steps) if step >= 0]
            where += [window.row * T + window.steps[i] for i in own]
            vectors.append(row[own])
        places = torch.tensor(where, device=seen.device)
        summed = seen.new_zeros(B * T, WIDTH).index_add(0, places, torch.cat(vectors))
        counts = seen.new_zeros(B * T).index_add(0, places, torch.ones_like(places, dtype=seen.dtype))
        return (summed / counts.clamp(min=1)[:, None]).view(B, T, WIDTH)

    def read(self, inputs: Tensor, lengths: Tensor) -> tuple[list[Window], Tensor, Tensor]:
        """Return the windows of texts, what is seen in their pieces (W, P, 384), and which pieces there are (W, P)."""
        rows = words.numbers(inputs, lengths, self.features).tolist()
        windows = [
            w for b, (row, n) in enumerate(zip(rows, lengths.tolist(), strict=True)) for w in self.cut(b, row[:n])
        ]
        counts = torch.tensor([len(window.pieces) for window in windows], device=inputs.device)
        pieces = torch.zeros(len(windows), int(counts.max()), dtype=torch.long, device=inputs.device)
        for w, window in enumerate(windows):
            pieces[w, : len(window.pieces)] = torch.tensor(window.pieces, device=inputs.device)
        mask = valid(counts, pieces.shape[1])
        return windows, self.network(input_ids=pieces, attention_mask=mask.long()).last_hidden_state, mask

    def cut(self, row: int, text: Sequence[Sequence[int]]) -> Iterator[Window]:
        """Yield windows of a text of at most 512 pieces, cut between words."""
        pieces, steps = [BEGIN], [-1]
        for step, word in enumerate(text):
            found = self.pieces_of(tuple(word))[: LONGEST - 2]
            if len(pieces) + len(found) >= LONGEST:
                yield Window(row, [*pieces, END], [*steps, -1])
                pieces, steps = [BEGIN], [-1]
            pieces += found
            steps += [step] * len(found)
        yield Window(row, [*pieces, END], [*steps, -1])

    def pieces_of(self, word: tuple[int, ...]) -> list[int]:
        """Return the pieces of a word; without the vocabulary of the weights it is one, by a hash of its signs."""
        if word not in self.known:
            if len(self.known) >= KEPT:
                self.known.clear()
            signs = [sign for sign in word[1:] if sign > 0] or list(word[:1])
            if len(self.tokenizer.description):
                text = "".join(map(chr, signs)).removeprefix("<").removesuffix(">")
                self.known[word] = self.tokenizer.encode(text) or [UNKNOWN]
            else:
                hashed = int(words.hashed(torch.tensor(signs), VOCABULARY - END - 2))
                self.known[word] = [END + 1 + hashed]
        return self.known[word]

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the encoder and its vocabulary; the last layer is new."""
        if self.features == 1:
            raise ZooError(
                "the weights of minilm read words by their characters, and the data has none: data.characters=20"
            )
        own = {name: tensor for name, tensor in self.state_dict().items() if name.startswith("classifier.")}
        needed = {*self.state_dict(), "tokenizer.description"}  # of fewer layers the first
        self.load_state_dict({**own, **{name: tensor for name, tensor in state.items() if name in needed}})
        self.known.clear()


def build(
    classes: int,
    bands: int,
    *,
    output: str = "classify",
    layers: int = LAYERS,
    frozen_layers: int = 0,
    dropout: float = 0.1,
) -> MiniLM:
    """Build the network of the first `layers` of its six; the first `frozen_layers`, and the table, are not trained."""
    from transformers import BertConfig, BertModel

    if output not in ("classify", "tag"):
        raise ZooError(f"model.output={output!r} is nothing this model gives; it gives classify and tag")
    if not 0 <= frozen_layers <= layers <= LAYERS or not layers:
        raise ZooError(
            f"model.frozen_layers={frozen_layers} must be between 0 and model.layers={layers}, and that between 1 and {LAYERS}"
        )
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=layers, num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH, max_position_embeddings=LONGEST, layer_norm_eps=1e-12,
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    network: Any = BertModel(config, add_pooling_layer=False)
    network.embeddings.requires_grad_(frozen_layers == 0)
    network.encoder.layer[:frozen_layers].requires_grad_(False)
    return MiniLM(classes, bands, network, output, dropout)
