"""Whisper: recordings to text as people write it, trained on 680,000 hours of the web; nothing of it need be trained here.

Radford et al. 2022, “Robust Speech Recognition via Large-Scale Weak Supervision”, https://arxiv.org/abs/2212.04356. The network
is that of transformers (https://github.com/huggingface/transformers, Apache-2.0).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.kinds import State, Transcriber
from zoo.sequence.masking import valid
from zoo.sequence.tokenizer import PretrainedTokenizer
from zoo.sequence.whisper_front import BANDS, PIECE, RATE
from zoo.sequence.whisper_marks import ENGLISH, Marks
from zoo.sequence.whisper_network import WhisperNetwork
from zoo.sequence.whisper_search import LONGEST, Heard, Row, Segment, constrain, segments_of


class Network(Protocol):
    """What hears and writes: of PyTorch, or of an exported file."""

    def encode(self, pieces: Tensor) -> State:
        """Return the state before anything is written, of waveforms (B, 480,000)."""

    def write(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, L, V) behind tokens (B, L), which follow on those of the state, and the state behind them."""


class Whisper(Transcriber):
    """Waveforms (B, T, F) of 16 kHz and lengths (B,) to texts; several microphones are averaged."""

    normalise = None  # the front end is what the weights know
    any_bands = True  # microphones are averaged
    suppressed: Tensor

    def __init__(self, features: int, network: Network, vocabulary: int, language: str) -> None:
        super().__init__()
        self.features, self.marks = features, Marks.of(vocabulary, language)
        self.network, self.tokenizer = network, PretrainedTokenizer()
        #: 1 where a token is never written, 2 where it is never written first.
        self.register_buffer("suppressed", torch.zeros(vocabulary, dtype=torch.uint8))

    def waves(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return waveforms (B, T) of inputs (B, T, F), silent behind their lengths."""
        if inputs.shape[2] != self.features:
            raise ZooError(
                f"inputs of shape {tuple(inputs.shape)} have {inputs.shape[2]} features; this model takes {self.features}"
            )
        return inputs.float().masked_fill(~valid(lengths, inputs.shape[1])[..., None], 0.0).mean(dim=2)

    def encode(self, pieces: Tensor) -> State:
        """Return what is heard in waveforms (B, N) of at most 30 seconds, silence behind them, and that nothing is written."""
        return self.network.encode(F.pad(pieces, (0, PIECE - pieces.shape[1])))

    def forward(self, inputs: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
        """Return logits (B, L, V) of the tokens that follow on tokens (B, L), of recordings of at most 30 seconds."""
        if inputs.shape[1] > PIECE:
            raise ZooError(
                f"a recording of {inputs.shape[1] / RATE:.1f} s is longer than 30 s; transcribe cuts longer ones"
            )
        return self.network.write(tokens, self.encode(self.waves(inputs, lengths)))[0]

    def loss(self, inputs: Tensor, lengths: Tensor, texts: Sequence[str]) -> Tensor:
        """See `Transcriber`: the mean cross-entropy of a token, and of the end; recordings of at most 30 seconds."""
        begin = [*self.marks.begin, self.marks.no_times]
        rows = [[*begin, *self.tokenizer.encode(f" {text.strip()}")[:LONGEST], self.marks.end] for text in texts]
        longest = max(map(len, rows))
        tokens = torch.tensor([[*row, *[self.marks.end] * (longest - len(row))] for row in rows], device=inputs.device)
        wanted = tokens[:, 1:].clone()
        for b, row in enumerate(rows):
            wanted[b, len(row) - 1 :] = -100
            wanted[b, : len(begin) - 1] = -100
        return F.cross_entropy(self(inputs, lengths, tokens[:, :-1]).flatten(0, 1).float(), wanted.flatten())

    @torch.no_grad()
    def search(self, state: State, times: bool) -> list[Heard]:
        """Return the likeliest tokens of each of what was heard (B), with marks of time or without."""
        heard = next(iter(state.values()))
        begin = [*self.marks.begin, *([] if times else [self.marks.no_times])]
        tokens, silence = torch.tensor([begin] * len(heard), device=heard.device), heard.new_zeros(len(heard))
        rows = [Row() for _ in heard]
        for step in range(LONGEST):
            logits, state = self.network.write(tokens, state)
            logits = logits.float()
            if not step:
                silence = logits[:, len(self.marks.begin) - 1].softmax(dim=1)[:, self.marks.silence]
            logits = logits[:, -1].masked_fill(
                (self.suppressed == 1) | ((self.suppressed == 2) & (step == 0)), -torch.inf
            )
            if times:
                logits = constrain(logits, [row.tokens for row in rows], self.marks)
            logs, chosen = logits.log_softmax(dim=1).max(dim=1)
            for row, token, log in zip(rows, chosen.tolist(), logs.tolist(), strict=True):
                row.take(token, log, self.marks.end)
            if all(row.ended for row in rows):
                break
            tokens = chosen[:, None]
        return [row.heard(quiet) for row, quiet in zip(rows, silence.tolist(), strict=True)]

    def segments(self, inputs: Tensor, lengths: Tensor, times: bool = True) -> list[list[Segment]]:
        """Return what is said in each recording (B, T, F) of any length, segment by segment.

        Without `times` a recording of at most 30 seconds is one segment, which is read a little better.
        """
        waves, found = self.waves(inputs, lengths), []
        for wave, length in zip(waves, lengths.tolist(), strict=True):
            found.append(self.hear(wave[:length], times or length > PIECE))
        return found

    @torch.no_grad()
    def hear(self, wave: Tensor, times: bool) -> list[Segment]:
        """Return the segments of one waveform (T,): window after window, each from where the last whole segment ended."""
        found: list[Segment] = []
        place = 0
        while place < len(wave):
            piece = wave[place : place + PIECE]
            seconds = len(piece) / RATE
            (heard,) = self.search(self.encode(piece[None]), times)
            parts, end = segments_of(heard.tokens, self.marks, seconds)
            for begin, until, tokens in () if heard.silent else parts:
                text = self.tokenizer.decode(tokens).strip()
                offset = place / RATE
                found += [Segment(offset + begin, offset + until, text)] if text else []
            place += len(piece) if heard.silent or end >= seconds else max(1, round(end * RATE))
        return found

    def transcribe(self, inputs: Tensor, lengths: Tensor) -> list[str]:
        """See `Transcriber`; recordings of at most 30 seconds are heard together, longer ones one after another."""
        texts = [""] * len(inputs)
        short = [b for b, length in enumerate(lengths.tolist()) if length <= PIECE]
        if short:
            waves = self.waves(inputs, lengths)[short, :PIECE]
            for b, heard in zip(short, self.search(self.encode(waves), times=False), strict=True):
                texts[b] = "" if heard.silent else self.tokenizer.decode(heard.tokens).strip()
        for b in set(range(len(inputs))) - set(short):
            (parts,) = self.segments(inputs[b : b + 1], lengths[b : b + 1])
            texts[b] = " ".join(part.text for part in parts)
        return texts

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the published parameters, in our names, with the vocabulary and the tokens that are not written."""
        settings = json.loads(bytes(state["config"].numpy()).decode("utf-8"))
        suppressed = torch.zeros_like(self.suppressed)
        suppressed[settings["suppress_ids_begin"]] = 2
        suppressed[settings["suppress_ids"]] = 1
        kept = {name: tensor for name, tensor in state.items() if name != "config"}
        self.load_state_dict({**kept, "suppressed": suppressed})


def build(
    classes: int,
    bands: int,
    *,
    sample_rate: int = RATE,
    size: tuple[int, int, int] = (384, 4, 6),
    vocabulary: int = ENGLISH,
    language: str = "en",
    frozen_encoder: bool = False,
) -> Whisper:
    """Build the network; `size` is its width, layers and heads. `classes` is not used: the vocabulary is its own."""
    from transformers import WhisperConfig, WhisperModel

    if sample_rate != RATE:
        raise ZooError(
            f"model.sample_rate={sample_rate}, but Whisper knows {RATE} Hz alone; say data.sample_rate={RATE}"
        )
    width, layers, heads = size
    marks = Marks.of(vocabulary, language)
    config = WhisperConfig(
        vocab_size=vocabulary, d_model=width, num_mel_bins=BANDS,
        encoder_layers=layers, decoder_layers=layers, encoder_attention_heads=heads, decoder_attention_heads=heads,
        encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width,
        pad_token_id=marks.end, bos_token_id=marks.end, eos_token_id=marks.end, decoder_start_token_id=marks.begin[0],
    )  # fmt: skip
    network = WhisperNetwork(WhisperModel(config))
    network.encoder.requires_grad_(not frozen_encoder)
    return Whisper(bands, network, vocabulary, language)
