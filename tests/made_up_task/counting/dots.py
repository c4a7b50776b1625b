"""Pictures of dots, drawn from a seed or read from a folder of .npy files that are called by their count: 3_a.npy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from recipes.module import Batch, DataModule
from zoo.errors import ZooError
from zoo.profile import Profile
from zoo.sources import Source

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


class Pictures(Dataset):
    """Pictures with their counts; in training the key is (epoch, index)."""

    def __init__(self, items: Sequence[Picture]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[str, Tensor, int]:
        item = self.items[key[1] if isinstance(key, tuple) else key]
        return item.name, item.pixels(), item.count


class Dots(DataModule):
    """`samples` pictures for each split."""

    task: ClassVar[str] = "counting"

    def __init__(
        self,
        name: str,
        root: str | None = None,
        samples: int = 24,
        batch_size: int = 8,
        workers: int | str = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(name, batch_size, workers, seed)
        self.root, self.samples = root, samples
        self.classes, self.bands = ("dot",), ("grey",)
        self.pictures: dict[str, Pictures] = {}

    def sources(self) -> Sequence[Source]:
        """Return nothing: the pictures are drawn, or the user's own."""
        return ()

    def setup(self, stage: str | None = None) -> None:
        """Draw the pictures, or read them."""
        for number, split in enumerate(("train", "val", "test")):
            if self.root is None:
                random = np.random.default_rng((self.seed, number))
                items = [drawn(f"{split}{i}", random) for i in range(self.samples)]
            else:
                items = [read(path) for path in sorted(Path(self.root, split).glob("*.npy"))]
            self.pictures[split] = Pictures(items)

    def profile(self) -> Profile:
        """Count the dots."""
        dots = sum(item.count for item in self.pictures["train"].items)
        samples, scenes = len(self.pictures["train"]), ((SIDE, SIDE),)
        return Profile(
            data=self.name, task=self.task, classes={"dot": dots}, samples=samples, bands=("grey",), scenes=scenes
        )

    def dataset(self, split: str) -> Dataset:
        """Return the pictures of a split."""
        return self.pictures[split]

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
