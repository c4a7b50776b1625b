"""The result of a transcription."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TranscriptionResult:
    """A sequence: its log-probabilities (T', K), what is true, and what was read off by each way of decoding."""

    name: str
    logs: Tensor
    true: str
    said: dict[str, str]
