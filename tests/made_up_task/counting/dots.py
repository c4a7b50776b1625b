"""Pictures of dots, drawn from a seed or read from a folder of .npy files that are called by their count: 3_a.npy."""

from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes.kit.module import Batch, Change, DataModule
from recipes.kit.split import SPLITS, Split
from zoo.errors import ZooError

SIDE = 16
SUFFIXES = frozenset({".npy"})


class Picture(NamedTuple):
    """A picture: its name, how many dots are in it, and the picture (1, H, W) or its file."""

    name: str
    count: int
    source: Tensor | Path

    def pixels(self) -> Tensor:
        """Return the picture, read from its file where it has one."""
        return load(self.source) if isinstance(self.source, Path) else self.source


class Dots(DataModule[Picture]):
    """`samples` pictures for each split."""

    task: ClassVar[str] = "counting"
    noun = "pictures"

    def __init__(self, name: str, augment: Change | None = None, root: str | None = None, **settings: Any) -> None:
        super().__init__(name, augment, **settings)
        self.root = root

    def read_split(self) -> Split[Picture]:
        """Draw the pictures, or read them."""
        parts = {}
        for number, split in enumerate(SPLITS):
            random = np.random.default_rng((self.loading.seed, number))
            if self.root is None:
                parts[split] = [drawn(f"{split}{i}", random) for i in range(self.loading.samples or 24)]
            else:
                parts[split] = [read(path) for path in sorted(Path(self.root, split).glob("*.npy"))]
        return Split(parts, ("dot",), ("grey",))

    def measure(self) -> dict[str, Any]:
        """Count the dots."""
        return {"classes": {"dot": sum(one.count for one in self.split.parts["train"])}, "scenes": ((SIDE, SIDE),)}

    def read_sample(self, item: Picture) -> tuple[str, Tensor, int]:
        """Return name, picture and count."""
        return item.name, item.pixels(), item.count

    def collate(self, samples: list[Any]) -> Batch:
        """Return images (B, 1, H, W), counts (B, 1) and names."""
        names, images, counts = zip(*samples, strict=True)
        return {"names": list(names), "images": torch.stack(images), "counts": torch.tensor(counts).float()[:, None]}


def drawn(name: str, random: np.random.Generator) -> Picture:
    """Draw a picture of up to nine dots."""
    count = int(random.integers(0, 10))
    picture = np.zeros(SIDE * SIDE, np.float32)
    picture[random.choice(SIDE * SIDE, count, replace=False)] = 1.0
    return Picture(name, count, torch.from_numpy(picture).view(1, SIDE, SIDE))


def load(path: Path) -> Tensor:
    """Read a picture (1, H, W)."""
    try:
        return torch.from_numpy(np.load(path)).float()[None]
    except ValueError as error:
        raise ZooError(
            f"picture {path} cannot be read ({error}); it is an array (H, W) as np.save writes it"
        ) from error


def read(path: Path) -> Picture:
    """Return the picture of a file, whose name says how many dots are in it."""
    return Picture(path.stem, int(path.stem.partition("_")[0]), path)
