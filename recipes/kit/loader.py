"""A loader of batches whose refusals are sentences."""

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader

from zoo.errors import ZooError


class Loader(DataLoader):
    """A loader that hands on what its workers refuse as one sentence: torch puts their traceback into it."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch's type is that of its own two iterators
        """Return the batches."""
        return sentences(super().__iter__())


def sentences(batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches; a ZooError of a worker loses the traceback in its text."""
    try:
        yield from batches
    except ZooError as error:
        _, told, sentence = str(error).rpartition(f"{ZooError.__module__}.{ZooError.__name__}: ")
        if not told:
            raise
        raise ZooError(sentence.strip()) from error
