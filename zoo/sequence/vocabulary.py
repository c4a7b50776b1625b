"""Vocabularies: text to numbers and back, by characters, by words, or by byte-pair pieces learnt from a training split.

The first four numbers are marks (`MARKS`): nothing, an unknown token, the begin and the end of a text. Tokens of
characters and pieces carry their spaces as ▁, as SentencePiece does, so that they join to the text they came from; words
are joined with spaces. Byte pairs: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909. No torch.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError, near

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NONE, UNKNOWN, BEGIN, END = range(4)
MARKS = ("<none>", "<unknown>", "<begin>", "<end>")
SPACE = "▁"
WORD = re.compile(r"\w+|[^\w\s]")
KINDS = ("characters", "words", "pieces")


def normal(text: str) -> str:
    """Return the text composed (NFC), with single spaces and without control characters; ▁ becomes _."""
    composed = unicodedata.normalize("NFC", text).replace(SPACE, "_")
    visible = "".join(" " if sign.isspace() else sign for sign in composed if sign.isspace() or sign.isprintable())
    return " ".join(visible.split())


def characters(text: str) -> list[str]:
    """Return the signs of a text, ▁ for the space."""
    return list(normal(text).replace(" ", SPACE))


def words(text: str) -> list[str]:
    """Return the words of a text; each sign that is neither letter, digit nor space is one of its own."""
    return WORD.findall(normal(text))


def join(tokens: Iterable[str], among: Iterable[str]) -> str:
    """Return the text of tokens of a vocabulary `among`: one with ▁ carries its spaces, another is of words."""
    kept = [token for token in tokens if token not in MARKS]
    return "".join(kept).replace(SPACE, " ").strip() if SPACE in among else " ".join(kept)


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by number, of a kind: characters, words or pieces; `merges` are the pairs of pieces in their order."""

    kind: str
    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...] = ()
    lower: bool = False

    @classmethod
    def learn(cls, texts: Sequence[str], kind: str, size: int, least: int = 1, lower: bool = False) -> "Vocabulary":
        """Learn at most `size` tokens, marks included, from texts; a token is kept when it is there `least` times.

        Raises ZooError for a kind that is not known or a size that does not hold the marks and the signs of the texts.
        """
        if kind not in KINDS:
            raise ZooError(f"a vocabulary of {kind!r} is not known{near(kind, KINDS)}; it is of {', '.join(KINDS)}")
        if size <= len(MARKS) + 1:
            raise ZooError(
                f"a vocabulary of size {size} holds nothing beside its {len(MARKS)} marks; take some hundreds"
            )
        cased = [text.lower() if lower else text for text in texts]
        if kind == "pieces":
            return cls(kind, *learn_pieces(cased, size, least), lower)
        return cls.of_tokens((SPLITS[kind](text) for text in cased), kind, size, least, lower)

    @classmethod
    def of_tokens(
        cls, rows: Iterable[Iterable[str]], kind: str, size: int, least: int = 1, lower: bool = False
    ) -> "Vocabulary":
        """Keep the most frequent tokens of rows of tokens, the earlier in the alphabet first where two are as frequent."""
        counts = Counter(token.lower() if lower else token for row in rows for token in row)
        always = (SPACE,) if kind == "characters" else ()
        ranked = sorted((t for t in counts if counts[t] >= least and t not in always), key=lambda t: (-counts[t], t))
        return cls(kind, (*MARKS, *always, *ranked)[:size], (), lower)

    @classmethod
    def restore(cls, facts: Mapping[str, Any]) -> "Vocabulary":
        """Return the vocabulary of `facts`."""
        merges = tuple((first, second) for first, second in facts["merges"])
        return cls(facts["kind"], tuple(facts["tokens"]), merges, facts["lower"])

    def facts(self) -> dict[str, Any]:
        """Return what makes this vocabulary again, as JSON knows it."""
        merges = [list(pair) for pair in self.merges]
        return {"kind": self.kind, "tokens": list(self.tokens), "merges": merges, "lower": self.lower}

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each token."""
        return {token: number for number, token in enumerate(self.tokens)}

    def number(self, token: str) -> int:
        """Return the number of a token, that of unknown when it is not here."""
        return self.numbers.get(token.lower() if self.lower else token, UNKNOWN)

    def split(self, text: str) -> list[str]:
        """Return the tokens of a text, also those that are not here."""
        cased = text.lower() if self.lower else text
        if self.kind == "pieces":
            return [self.tokens[number] for number in self.pieces.encode(normal(cased)).ids]
        return SPLITS[self.kind](cased)

    def encode(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens, without begin and end."""
        if self.kind == "pieces":
            return list(self.pieces.encode(normal(text.lower() if self.lower else text)).ids)
        return [self.number(token) for token in self.split(text)]

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of numbers; marks are left out."""
        return join((self.tokens[number] for number in numbers), self.tokens)

    @cached_property
    def pieces(self) -> "Tokenizer":
        """The byte-pair tokenizer over these tokens and merges."""
        from tokenizers import Tokenizer, models

        model = models.BPE(self.numbers, list(self.merges), unk_token=MARKS[UNKNOWN])
        return with_spaces(Tokenizer(model))


SPLITS: Mapping[str, Callable[[str], list[str]]] = {"characters": characters, "words": words}


def with_spaces(tokenizer: "Tokenizer") -> "Tokenizer":
    """Let a tokenizer split at spaces, which it keeps as ▁ before each word."""
    from tokenizers import pre_tokenizers

    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    return tokenizer


def learn_pieces(texts: Sequence[str], size: int, least: int) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the tokens and merges of byte pairs learnt from texts."""
    import json

    from tokenizers import Tokenizer, models, trainers

    tokenizer = with_spaces(Tokenizer(models.BPE(unk_token=MARKS[UNKNOWN])))
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=least, special_tokens=list(MARKS), initial_alphabet=[SPACE], show_progress=False
    )
    tokenizer.train_from_iterator([normal(text) for text in texts], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = tuple(sorted(model["vocab"], key=model["vocab"].__getitem__))
    if len(tokens) > size:
        raise ZooError(
            f"the texts have {len(tokens) - len(MARKS)} different signs, more than a vocabulary of {size} holds"
        )
    return tokens, tuple((first, second) for first, second in model["merges"])
