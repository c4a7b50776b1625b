"""The folder that goes out to be annotated: whole, or not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import ZooError
from zoo.files import atomic_folder


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `out`; ZooError where it cannot be written."""
    try:
        with atomic_folder(out) as part:
            yield part
    except OSError as error:
        raise ZooError(f"--out {out} cannot be written: {error.strerror}; choose another") from error
