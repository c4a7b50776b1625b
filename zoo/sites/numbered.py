"""Numbered files of a site: JSON, an object each, counted from 1 and never changed."""

import json
from pathlib import Path
from typing import Any, ClassVar

from zoo.errors import ZooError


class NumberedFiles:
    """A folder of numbered JSON files. Who adds holds the lock of the site."""

    #: What a file is called where it cannot be read.
    noun: ClassVar[str] = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[Path]:
        """Return the files in their order."""
        return sorted(self.folder.glob("[0-9]*.json"))

    def load(self, path: Path) -> Any:
        """Return what a file holds."""
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise ZooError(
                f"{self.noun}{path} cannot be read ({error}); put it back from a copy of the site"
            ) from error
