"""What was said, as a model writes it that has a vocabulary of its own: word and character error rates as they are spoken.

The text of such a model has capitals, commas and digits; it is held against the truth in the truth's own characters, after
`zoo.sequence.spoken`. Rates are (substitutions + deletions + insertions) over the words, or characters, of the truth.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torchmetrics.functional.text import char_error_rate, word_error_rate

from tasks.base import Batch, Metric
from tasks.objectives.objective import Objective
from tasks.results.transcription import TranscriptionResult
from zoo.errors import ZooError
from zoo.inference.answers import Text
from zoo.sequence.kinds import Transcriber
from zoo.sequence.spoken import spoken


class Dictation(Objective):
    """Recordings to text by a `Transcriber`; the classes are the characters of the truth behind the blank."""

    monitor: ClassVar[Metric] = Metric("wer", "min")
    gives = Text
    free = True
    also_plotted: ClassVar[tuple[str, ...]] = ("cer",)

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__(classes)
        self.characters = frozenset(self.classes[1:])
        self.results: tuple[TranscriptionResult, ...] = ()
        self.pending: list[TranscriptionResult] = []

    def respond(self, model: nn.Module, batch: Batch) -> Tensor | list[str]:
        """Return the loss when the model is trained, the texts that it writes when it is in use."""
        if not isinstance(model, Transcriber):
            raise ZooError(f"{type(model).__name__} does not write texts by itself; take model=whisper_tiny_en")
        if model.training:
            return model.loss(batch["inputs"], batch["lengths"], self.truths(batch))
        return model.transcribe(batch["inputs"], batch["lengths"])

    def truths(self, batch: Batch) -> list[str]:
        """Return what is said in each recording of a batch."""
        rows = zip(batch["tokens"].tolist(), batch["token_lengths"].tolist(), strict=True)
        return ["".join(self.classes[token] for token in row[:length]) for row, length in rows]

    def losses(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the mean cross-entropy of a token."""
        return {"cross_entropy": outputs}

    def answers(self, outputs: list[str], batch: Batch) -> list[Text]:
        """Return the texts as they were written."""
        return [Text(text) for text in outputs]

    def update(self, outputs: list[str], batch: Batch) -> None:
        """Keep what was written of a batch, as it is spoken."""
        for name, text, true in zip(batch["names"], outputs, self.truths(batch), strict=True):
            self.pending.append(
                TranscriptionResult(name, torch.zeros(0, len(self.classes)), true, {"": self.fitted(text)})
            )

    def fitted(self, text: str) -> str:
        """Return a text as it is spoken, of the characters of the truth alone; as it is where these have capitals or digits."""
        plain = not any(character.isupper() or character.isdigit() for character in self.characters)
        said = spoken(text) if plain else text
        return "".join(character for character in said if character in self.characters)

    def compute(self) -> dict[str, float]:
        """Return word and character error rates."""
        self.results, self.pending = tuple(self.pending), []
        said, true = [one.said[""] for one in self.results], [one.true for one in self.results]
        return {"wer": float(word_error_rate(said, true)), "cer": float(char_error_rate(said, true))}

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the transcripts with most errors beside the truth."""
        from tasks.plots import transcription

        if not self.results:
            raise RuntimeError("draw comes after compute")
        return [transcription.draw_worst(folder / "worst.png", self.results)]
