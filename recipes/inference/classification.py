"""The predictor of labels: a whole image, scaled as those of training, or the windows of one much larger, as a map."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipes.imagery.images import SUFFIXES, facts
from recipes.imagery.parts import part_of
from recipes.inference.source import Place, Source, source_of
from tasks.labels.objective import LabelObjective
from zoo.backbone.resize import to_square
from zoo.classification.answers import ImageLabel, side_of
from zoo.classification.task import TASK
from zoo.errors import ZooError
from zoo.inference.engine import Engine
from zoo.inference.opened import Opened
from zoo.inference.predictor import Batch, Metadata, Predictor

#: Windows that are answered at a time.
BATCH = 32
#: The share of a window by which the next one lies further.
STEP = 0.5


@dataclass(frozen=True)
class Heat:
    """Probabilities (K, h, w) of the windows of an image, each standing for a cell of `step` pixels; NaN without data.

    `place` is where the upper left cell begins and how large a cell is, on the map of the image.
    """

    probabilities: np.ndarray
    classes: tuple[str, ...]
    step: int
    place: Place


def objective_of(opened: Opened) -> LabelObjective:
    """Return what turns the logits of an opened model into answers, calibrated as its run was."""
    name = str(opened.task.get("objective") or next(iter(TASK.objectives)))
    made: LabelObjective = TASK.resolve(TASK.objectives[name].module)(
        opened.classes, **(opened.task.get("objective_options") or {})
    )
    made.restore(opened.learnt)
    return made


class ClassificationPredictor(Predictor[Source]):
    """Says what an image shows: a file, or an array (C, H, W) in the numbers that files have."""

    gives = ImageLabel
    endings = SUFFIXES

    def __init__(self, opened: Opened) -> None:
        self.opened, self.bands, self.data = opened, opened.bands, opened.data
        self.engine = Engine(opened.build(), opened.trainer, opened.tuned)
        self.objective, self.classes = objective_of(opened), opened.classes
        self.size = side_of(self.data)
        self.metadata = Metadata.of_images(
            opened,
            self.engine,
            tile=int(self.data.get("tile") or self.size),
        )

    def prepare(self, source: str | Path | np.ndarray | Source) -> Source:
        """Open an image: the bands of a file are matched by name, those of an array stand in the model's order."""
        return source_of(source, self.bands, self.data, self.opened.profile)

    def extent(self, path: Path) -> dict[str, float]:
        """Return the pixels of an image, as its head says."""
        size = facts(path)
        return {"pixels": size.width * size.height}

    def overview(self, source: Any) -> np.ndarray | None:
        """Return the whole image as the network sees it (C, S, S) in [0, 1]; None where there is no data."""
        opened = self.prepare(source)
        image = self.seen(opened, (0, 0, opened.scene.width, opened.scene.height))
        return None if image is None else image.numpy()

    def answer(self, batch: Batch) -> Tensor:
        """Return the logits (B, K) float32 of `images` (B, C, S, S)."""
        with self.engine.computing():
            found: Tensor = self.engine.model(self.engine.laid_out(batch["images"]))
            return found.float()

    def answers(self, prepared: Source) -> Generator[Any, None, None]:
        """Yield the logits of the whole image."""
        scene = prepared.scene
        image = self.seen(prepared, (0, 0, scene.width, scene.height))
        if image is None:
            raise ZooError(f"image {scene.name} holds nothing but nodata or NaN; there is nothing to say of it")
        yield self.answer({"images": image[None]})

    def finish(self, prepared: Source, answers: Iterable[Tensor]) -> ImageLabel:
        """Return the class, and the probabilities of all."""
        return self.objective.answers(self.objective.probabilities(torch.cat(list(answers))))[0]

    def seen(self, source: Source, window: tuple[int, int, int, int]) -> Tensor | None:
        """Return a window of an image as the network sees it (C, S, S), None where it has no data."""
        pixels = source.read(window)
        part = part_of(source.scene, window, pixels, source.read_shown(window), source.values)
        if part.valid is not None and not part.valid.any():
            return None
        return to_square(torch.from_numpy(part.image), self.size)

    def heat(self, source: Source, tile: int | None = None, overlap: int | None = None) -> Heat:
        """Slide a window of `tile` pixels over an image, each sharing `overlap` with the next; None: as in training, half.

        A cell of the map is the middle of a window: as large as the step from one to the next.
        """
        scene, side = source.scene, int(tile or self.metadata.tile or self.size)
        step = side - (round(side * STEP) if overlap is None else overlap)
        if step < 1 or side > min(scene.width, scene.height):
            raise ZooError(
                f"windows of {side} pixels that share {side - step} do not slide over {scene.width} × {scene.height} pixels;"
                " --tile and --overlap say others; a whole image is answered into a table, --out answers.csv"
            )
        rows, columns = (range(0, length - side + 1, step) for length in (scene.height, scene.width))
        found = np.full((len(self.classes), len(rows) * len(columns)), np.nan, np.float32)
        windows = [(x, y, side, side) for y in rows for x in columns]
        for places, images in self.windows(source, windows):
            found[:, places] = self.objective.probabilities(self.answer({"images": images})).T.numpy()
        middle = (side - step) / 2
        return Heat(found.reshape(-1, len(rows), len(columns)), self.classes, step, moved(source.place, middle, step))

    def windows(self, source: Source, windows: list[tuple[int, int, int, int]]) -> Iterator[tuple[list[int], Tensor]]:
        """Yield the numbers of windows that have data, some at a time, and what they show (B, C, S, S)."""
        places: list[int] = []
        images: list[Tensor] = []
        for number, window in enumerate(windows):
            image = self.seen(source, window)
            if image is not None:
                places.append(number)
                images.append(image)
            if len(images) == BATCH or (images and number == len(windows) - 1):
                yield places, torch.stack(images)
                places, images = [], []


def moved(place: Place, offset: float, step: int) -> Place:
    """Return where cells of `step` pixels lie that begin `offset` pixels into an image."""
    from affine import Affine

    own = place.transform or Affine.identity()
    return Place(place.crs, own @ Affine.translation(offset, offset) @ Affine.scale(step), place.name, place.metres)
