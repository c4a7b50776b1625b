"""Augmentation as changes one after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pipeline:
    """Changes one after another; none at all is a choice too.

    A change takes a sample and what else its domain hands to it (a generator, a partner), and gives the changed sample.
    """

    transforms: Sequence[Callable[..., Any]] = ()

    def __call__(self, sample: Any, *drawn: Any) -> Any:
        """Apply all changes to the sample."""
        for change in self.transforms:
            sample = change(sample, *drawn)
        return sample
