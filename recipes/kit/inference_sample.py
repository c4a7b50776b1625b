"""Sequences that a finished run is asked about, read as its data were, of which nothing is known but the inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


@dataclass(frozen=True)
class InferenceSample:
    """Inputs (T, F) as a model takes them; the place of them in their file, "" for all of it.

    `words` or `times` are those of the steps, where they have any, `times_ahead` those of the steps to be foreseen; `offsets`
    were taken off the features and belong onto what is foreseen; `source` is a text as it was written.
    """

    place: str
    inputs: Tensor
    words: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    times_ahead: tuple[str, ...] = ()
    offsets: tuple[float, ...] = ()
    source: str = ""


def of_array(values: Any) -> InferenceSample:
    """Return values (T, F), or (T,) of one feature, as they are."""
    steps = torch.as_tensor(values)
    return InferenceSample("", steps[:, None] if steps.ndim == 1 else steps)


def pad_inputs(rows: Sequence[Tensor], names: Sequence[str]) -> dict[str, Any]:
    """Return rows (T, F) of any length as a batch: `inputs (B, T, F)`, `lengths (B,)` and `names`."""
    return {
        "inputs": pad_sequence(list(rows), batch_first=True),
        "lengths": torch.tensor([len(row) for row in rows]),
        "names": list(names),
    }


def collate(samples: Sequence[InferenceSample], bands: Sequence[str]) -> dict[str, Any]:
    """Return a batch of `inputs (B, T, F)`, `lengths (B,)`, `names`, `bands`, and what else all samples know."""
    batch = pad_inputs([sample.inputs for sample in samples], [sample.place for sample in samples])
    batch["bands"] = tuple(bands)
    for key in ("words", "times", "times_ahead", "offsets"):
        if all(getattr(sample, key) for sample in samples):
            batch[key] = [getattr(sample, key) for sample in samples]
    return batch
