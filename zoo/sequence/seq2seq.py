"""Sequence to sequence with attention: a GRU reads both ways, another writes, looking back at what was read.

Bahdanau et al. 2015, “Neural Machine Translation by Jointly Learning to Align and Translate”,
https://arxiv.org/abs/1409.0473 (additive attention); Luong et al. 2015, https://arxiv.org/abs/1508.04025 (the attended
memory is fed into the next step, section 3.3). Written for this zoo.
"""

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.kinds import EncoderDecoder, State
from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.recurrent import Recurrent
from zoo.sequence.words import numbers


class Seq2Seq(EncoderDecoder):
    """Tokens (B, T, 1) and lengths (B,) to tokens; see `EncoderDecoder`."""

    def __init__(self, classes: int, vocabulary: int, embedded: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.read_table = nn.Embedding(vocabulary, embedded, padding_idx=0)
        self.written_table = nn.Embedding(classes, embedded)
        self.reader = Recurrent("gru", embedded, width, layers, True, dropout)
        self.begin = nn.Linear(width, width)
        self.cell = nn.GRUCell(embedded + width, width)
        self.asking, self.told = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.weighing = nn.Linear(width, 1, bias=False)
        self.mixing, self.classifier = nn.Linear(2 * width, embedded), nn.Linear(embedded, classes)

    def encode(self, inputs: Tensor, lengths: Tensor) -> State:
        """See `EncoderDecoder`."""
        tokens = numbers(inputs, lengths, 1)[..., 0]
        memory = self.reader(self.dropout(self.read_table(tokens)), lengths)
        return {
            "memory": memory,
            "keys": self.told(memory),
            "inside": valid(lengths, tokens.shape[1]),
            "hidden": torch.tanh(self.begin(mean_over_time(memory, lengths))),
            "attended": torch.zeros_like(memory[:, 0]),
            "attention": torch.zeros_like(memory[..., 0]),
        }

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """See `EncoderDecoder`."""
        answers, state = self.write(tokens, state)
        return self.classifier(answers), state

    def write(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return what the last layer is given (B, D) after tokens (B,), and the state behind them."""
        given = torch.cat([self.dropout(self.written_table(tokens)), state["attended"]], dim=1)
        hidden = self.cell(given, state["hidden"])
        scores = self.weighing(torch.tanh(state["keys"] + self.asking(hidden)[:, None]))[..., 0]  # (B, T)
        attention = scores.float().masked_fill(~state["inside"], -torch.inf).softmax(dim=1)
        attended = torch.einsum("bt,btc->bc", attention.to(state["memory"].dtype), state["memory"])
        answers = self.dropout(torch.tanh(self.mixing(torch.cat([hidden, attended], dim=1))))
        return answers, {**state, "hidden": hidden, "attended": attended, "attention": attention}

    def forward(self, inputs: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
        """See `EncoderDecoder`."""
        state, answers = self.encode(inputs, lengths), []
        for token in tokens.unbind(1):
            answer, state = self.write(token, state)
            answers.append(answer)
        return self.classifier(torch.stack(answers, dim=1))


def build(
    classes: int,
    bands: int,
    *,
    vocabulary: int = 512,
    embedded: int = 64,
    width: int = 128,
    layers: int = 1,
    dropout: float = 0.1,
) -> Seq2Seq:
    """Build a translator from `vocabulary` tokens to as many as there are classes; `width` of both directions of reading."""
    if bands != 1:
        raise ZooError(f"a translator reads one number a step, its token; bands={bands} are not it")
    return Seq2Seq(classes, vocabulary, embedded, width, layers, dropout)
