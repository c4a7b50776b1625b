"""New sequences: what a finished run is asked about, read as its data were, of which nothing is known but the inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


@dataclass(frozen=True)
class New:
    """Inputs (T, F) as a model takes them; the place of them in their file, "" for all of it.

    `words` or `times` are those of the steps, where they have any; `source` is a text as it was written.
    """

    place: str
    inputs: Tensor
    words: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    source: str = ""


def of_array(values: Any) -> New:
    """Return values (T, F), or (T,) of one feature, as they are."""
    steps = torch.as_tensor(values)
    return New("", steps[:, None] if steps.ndim == 1 else steps)


def collate(samples: Sequence[New], bands: Sequence[str]) -> dict[str, Any]:
    """Return a batch of `inputs (B, T, F)`, `lengths (B,)`, `names`, `bands`, and the words or times of the steps."""
    batch: dict[str, Any] = {
        "inputs": pad_sequence([sample.inputs for sample in samples], batch_first=True),
        "lengths": torch.tensor([len(sample.inputs) for sample in samples]),
        "names": [sample.place for sample in samples],
        "bands": tuple(bands),
    }
    for key in ("words", "times"):
        if all(getattr(sample, key) for sample in samples):
            batch[key] = [getattr(sample, key) for sample in samples]
    return batch
