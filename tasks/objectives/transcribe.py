"""What was said, symbol by symbol: the CTC loss, word and character error rates by three ways of decoding.

Graves et al. 2006, https://doi.org/10.1145/1143844.1143891. Rates are (substitutions + deletions + insertions) over the
words, or characters, of the truth; all sequences together, as jiwer counts them.
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics.functional.text import char_error_rate, word_error_rate

from tasks.base import Batch, Metric
from tasks.objectives.objective import Objective
from tasks.results.transcription import TranscriptionResult
from zoo.errors import ZooError, first_few, near
from zoo.inference.answers import Text
from zoo.sequence.ctc import BLANK, Beam, Language, greedy, steps_needed
from zoo.sequence.kinds import Transcriber
from zoo.sequence.ngram import NGram, WordLanguage

#: What the n-gram is over: its order there, and what its word counts in the search.
NGRAMS = {"character": (6, 0.6), "word": (3, 0.9), "none": (0, 0.0)}
#: Names in a warning.
TOLD = 5


class CtcOutput(NamedTuple):
    """What a model says of a batch: log-probabilities (B, T', K) and how many steps of them count, (B,)."""

    logs: Tensor
    lengths: Tensor


class Transcribe(Objective):
    """Sequences to text; class 0 is the blank, the others are characters.

    `ngram` (character | word | none) helps the beam search, which keeps `beam` prefixes; it is learnt from the training
    transcripts, `weight` is what its log-probability counts and `bonus` what each character earns. None: as tried.
    """

    monitor: ClassVar[Metric] = Metric("wer", "min")
    gives = Text
    also_plotted: ClassVar[tuple[str, ...]] = ("cer",)

    def __init__(
        self,
        classes: Sequence[str],
        ngram: str = "character",
        beam: int = 16,
        weight: float | None = None,
        bonus: float = 0.5,
    ) -> None:
        super().__init__(classes)
        if ngram not in NGRAMS:
            raise ZooError(
                f"task.objective_options.ngram={ngram!r} is not known{near(ngram, NGRAMS)}; it is {', '.join(NGRAMS)}"
            )
        if beam < 1:
            raise ZooError(f"task.objective_options.beam={beam} must be 1 or more")
        self.ngram, self.beam, self.bonus = ngram, beam, bonus
        self.weight = NGRAMS[ngram][1] if weight is None else weight
        self.language: Language | None = None
        self.transcripts: list[str] = []
        self.searching = False
        self.too_long: set[str] = set()
        self.aligned = False  # whether any was
        self.set_aside_here = 0  # in this evaluation
        self.results: tuple[TranscriptionResult, ...] = ()
        self.pending: list[tuple[str, Tensor, str]] = []
        self.lost: list[Tensor] = []

    @classmethod
    def for_model(cls, model: nn.Module | None) -> type[Objective]:
        """Return what asks a model that writes texts by itself, where it is one."""
        from tasks.objectives.dictation import Dictation

        return Dictation if isinstance(model, Transcriber) else cls

    def on_data(self, data: Any, stage: str) -> None:
        """Learn the language from the training transcripts; searches wait until training is over, since they take time."""
        self.searching = stage != "fit"
        if data is not None and self.searching and self.ngram != "none" and self.language is None:
            self.read(data.transcripts("train"))

    def learned_state(self) -> dict[str, Any]:
        """Return the transcripts that the n-gram was learnt from."""
        return {"transcripts": self.transcripts} if self.transcripts else {}

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Learn the n-gram from the transcripts that a finished run had."""
        if learnt.get("transcripts"):
            self.read(learnt["transcripts"])

    def read(self, transcripts: Sequence[str]) -> None:
        """Learn the language from transcripts."""
        self.transcripts, order = list(transcripts), NGRAMS[self.ngram][0]
        index = {name: number for number, name in enumerate(self.classes)}
        sequences = [[index[c] for c in text] for text in transcripts]
        if self.ngram == "character":
            self.language = NGram(sequences, order, len(self.classes) - 1)
        elif " " not in index:
            raise ZooError("task.objective_options.ngram=word needs transcripts with spaces; take ngram=character")
        else:
            self.language = WordLanguage(sequences, order, len(self.classes) - 1, index[" "])

    def respond(self, model: nn.Module, batch: Batch) -> CtcOutput:
        """Return log-probabilities for each step, or say that the model gives none."""
        logits: Tensor = model(batch["inputs"], batch["lengths"])
        if logits.ndim != 3 or logits.shape[2] != len(self.classes) or not hasattr(model, "output_lengths"):
            raise ZooError(
                f"the objective 'transcribe' needs logits (B, T', {len(self.classes)}) and the model gives "
                f"{tuple(logits.shape)}; take a model that transcribes, such as model=deep_speech2"
            )
        return CtcOutput(logits.float().log_softmax(dim=2), model.output_lengths(batch["lengths"]))  # type: ignore[operator]

    def losses(self, outputs: CtcOutput, batch: Batch) -> dict[str, Tensor]:
        """Return the CTC loss for each character; what is too long to be aligned is named, and set aside."""
        return {"ctc": self.ctc(outputs, batch)}

    def ctc(self, outputs: CtcOutput, batch: Batch) -> Tensor:
        """Return the mean loss a character over the sequences that can be aligned, 0 without any."""
        tokens, lengths = batch["tokens"], batch["token_lengths"]
        fits = aligned(outputs, batch)
        self.set_aside([name for name, good in zip(batch["names"], fits.tolist(), strict=True) if not good])
        self.aligned |= bool(fits.any())
        if not fits.any():
            return outputs.logs.sum() * 0.0
        each = F.ctc_loss(
            outputs.logs[fits].transpose(0, 1), tokens[fits], outputs.lengths[fits], lengths[fits], BLANK, "none"
        )
        return each.sum() / lengths[fits].sum().clamp(min=1)

    def set_aside(self, names: Sequence[str]) -> None:
        """Say once of each sequence that its transcript is longer than the steps it could be aligned with."""
        if new := [name for name in names if name not in self.too_long]:
            self.too_long |= set(new)
            warnings.warn(
                f"{first_few(new, TOLD)}: the transcript is longer than CTC can align with the steps of the "
                f"recording; set aside ({len(self.too_long)} so far)",
                stacklevel=2,
            )

    def searches(self) -> dict[str, Any]:
        """Return the searches by name, the one that knows most last."""
        ways: dict[str, Any] = {"_beam": Beam(self.beam).decode}
        if self.language is not None:
            ways["_ngram"] = Beam(self.beam, self.language, self.weight, self.bonus).decode
        return ways

    def answers(self, outputs: CtcOutput, batch: Batch) -> list[Text]:
        """Return the text that the search finds, with the n-gram where there is one."""
        decode = list(self.searches().values())[-1]
        steps = zip(outputs.logs.cpu(), outputs.lengths.tolist(), strict=True)
        return [Text(self.text(decode(logs[:length]))) for logs, length in steps]

    def update(self, outputs: CtcOutput, batch: Batch) -> None:
        """Keep the log-probabilities and the truth of a batch."""
        self.lost.append(self.ctc(outputs, batch).detach())
        self.set_aside_here += int((~aligned(outputs, batch)).sum())
        for row, name in enumerate(batch["names"]):
            true = self.text(batch["tokens"][row, : int(batch["token_lengths"][row])].tolist())
            self.pending.append((name, outputs.logs[row, : int(outputs.lengths[row])].detach().cpu(), true))

    def text(self, symbols: Sequence[int]) -> str:
        """Return symbols as text."""
        return "".join(self.classes[symbol] for symbol in symbols)

    def compute(self) -> dict[str, float]:
        """Return word and character error rates of the best path; after training also of the search, and with the n-gram.

        They are `wer`, `cer`, then the same with `_beam` and with `_ngram`; `too_long` counts what this evaluation
        set aside.
        """
        if self.too_long and not self.aligned:
            raise ZooError(
                f"none of {len(self.too_long)} transcripts is short enough to be aligned with its recording, the first is that"
                f" of {min(self.too_long)}; check that each text is what its recording says"
            )
        ways = {"": greedy, **(self.searches() if self.searching else {})}
        self.results = tuple(
            TranscriptionResult(name, logs, true, {way: self.text(decode(logs)) for way, decode in ways.items()})
            for name, logs, true in self.pending
        )
        loss = float(torch.stack(self.lost).mean())
        aside, self.pending, self.lost, self.set_aside_here = self.set_aside_here, [], [], 0
        true = [one.true for one in self.results]
        rates: dict[str, float] = {}
        for way in ways:
            said = [one.said[way] for one in self.results]
            rates |= {f"wer{way}": float(word_error_rate(said, true)), f"cer{way}": float(char_error_rate(said, true))}
        return {**rates, "loss": loss, "too_long": float(aside)}

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw where the symbols were heard in some recordings, and the transcripts with most errors beside the truth."""
        from tasks.plots import transcription

        if not self.results:
            raise RuntimeError("draw comes after compute")
        return transcription.draw(folder, self.results, self.classes, data)


def aligned(outputs: CtcOutput, batch: Batch) -> Tensor:
    """Tell of each sequence (B,) whether its transcript can be aligned with the steps that the network gives."""
    return steps_needed(batch["tokens"], batch["token_lengths"]) <= outputs.lengths
