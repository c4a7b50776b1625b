"""The file of a checkpoint: written beside its place, and read as tensors and plain values alone.

Lightning's own way is through the system's folder for temporary files, which may be small, and on another disk.
"""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning_fabric.plugins import CheckpointIO

from zoo.errors import ZooError
from zoo.files import atomic_write


class CheckpointFile(CheckpointIO):
    """Writes a checkpoint whole or not at all; runs nothing when it reads one."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint."""
        with atomic_write(Path(path)) as part, part.open("wb") as file:
            torch.save(checkpoint, file)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint; the arguments are Lightning's: whatever they say, it holds tensors and plain values only."""
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except UnpicklingError as error:
            raise ZooError(
                f"checkpoint {path} holds something else than tensors and plain values, which could run code; it was not "
                "opened. Start the run anew, in another folder"
            ) from error
        except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
            raise ZooError(f"checkpoint {path} is damaged ({error}); remove it: the run then begins anew") from error

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a checkpoint."""
        Path(path).unlink(missing_ok=True)
