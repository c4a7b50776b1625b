"""BiLSTM-CRF: a tagger that reads each sentence both ways and scores tags together.

Huang et al. 2015, https://arxiv.org/abs/1508.01991; words also by their characters, as in Ma and Hovy 2016,
https://arxiv.org/abs/1603.01354, and by hashed n-grams, since no pretrained vectors stand behind them. Written for this zoo.
"""

from typing import Any

from torch import Tensor, nn

from zoo.sequence.crf import Crf
from zoo.sequence.kinds import Structured
from zoo.sequence.recurrent import Recurrent
from zoo.sequence.words import Words, numbers


class BiLstmCrf(Structured):
    """Words (B, T, F) and lengths (B,) to logits (B, T, K); `loss` and `decode` are those of the random field."""

    def __init__(self, classes: int, words: Words, width: int, dropout: float) -> None:
        super().__init__()
        self.words, self.dropout = words, nn.Dropout(dropout)
        self.reader = Recurrent("lstm", words.size, width, 1, True, dropout)
        self.classifier, self.crf = nn.Linear(self.reader.width, classes), Crf(classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, T, K) of words (B, T, F), whole numbers as `zoo.sequence.words` lays them out."""
        vectors = self.dropout(self.words(numbers(inputs, lengths, self.words.features)))
        return self.classifier(self.dropout(self.reader(vectors, lengths)))

    def loss(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """See `Structured`."""
        return self.crf.loss(logits, tags, lengths)

    def decode(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """See `Structured`."""
        return self.crf.decode(logits, lengths)


def build(
    classes: int,
    bands: int,
    *,
    vocabulary: int = 4096,
    embedded: int = 100,
    buckets: int = 20000,
    filters: int = 50,
    hidden: float = 0.1,
    width: int = 256,
    dropout: float = 0.5,
) -> Any:
    """Build a tagger; `embedded` numbers a word, `filters` over its characters, `width` of both directions of the LSTM."""
    return BiLstmCrf(classes, Words(bands, vocabulary, embedded, buckets, filters, hidden), width, dropout)
