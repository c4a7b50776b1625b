"""What is said where memory does not suffice, whether Python, NumPy, PyTorch or a process that loads data finds it out."""

import re
from collections.abc import Iterator

from zoo.errors import ZooError

#: What NumPy and PyTorch say, and in which words they say how much they asked for.
REFUSED = re.compile(r"Unable to allocate|can't allocate memory|bad_alloc|MemoryError")
ASKED = re.compile(r"(?:Unable|tried) to allocate ([\d.]+ ?\w+)")

#: What takes less, by command; the others train, or take the words of a training.
LESS = {
    "train": "fewer data.samples, a smaller data.batch_size, smaller crops and tiles, or a smaller model take less",
    "predict": "a smaller --tile or --batch takes less",
}


def short_of_memory(error: BaseException, command: str = "train") -> ZooError | None:
    """Return the sentence for an error that a refused allocation caused, itself or one before it; None for any other.

    What takes less depends on the command.
    """
    chain = list(causes(error))
    if not any(
        isinstance(one, MemoryError) or (isinstance(one, RuntimeError) and REFUSED.search(str(one))) for one in chain
    ):
        return None
    asked = next((f" for {found[1]}" for one in chain if (found := ASKED.search(str(one)))), "")
    return ZooError(f"memory does not suffice{asked}; {LESS.get(command, LESS['train'])}")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those in whose handling or because of which it was raised."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
