"""The predictor of poses: the whole image, or each individual that a detector finds in it."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from recipes.imagery.images import SUFFIXES
from recipes.imagery.parts import part_of
from recipes.inference.source import Source, source_of
from recipes.inference.video import VIDEOS, as_bands
from zoo.errors import ZooError
from zoo.inference.answers import Answer, Detections
from zoo.inference.engine import Engine
from zoo.inference.load import load
from zoo.inference.opened import Opened
from zoo.inference.predictor import Batch, Metadata, Predictor
from zoo.pose.answers import Poses
from zoo.pose.framing import Frame, frame_of, to_image
from zoo.pose.skeleton import of_facts
from zoo.pose.views import flipped_mean

#: Individuals that are answered at a time.
BATCH = 16
#: The least score of a keypoint that is drawn, where nobody says another.
SCORE = 0.3
#: What a detector calls those whose keypoints are a person's.
PERSON = "person"


@dataclass(frozen=True)
class Looked:
    """An image, and how each individual in it is shown; `boxes` (N, 4) are theirs, None where the image is looked at whole."""

    source: Source
    frames: tuple[Frame, ...]
    boxes: np.ndarray | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the image."""
        return self.source.notes


class PosePredictor(Predictor[Looked]):
    """Finds keypoints in a file, or an array (C, H, W) in the numbers that files have.

    `detector` names a run or a model that finds the individuals, each of which is then looked at by itself. With 2 `views` an
    image and its mirror image are averaged. Keypoints under a `score` are told and not drawn.
    """

    gives = Poses
    options: ClassVar[tuple[str, ...]] = ("views", "score", "detector")
    endings = SUFFIXES | VIDEOS

    def __init__(self, opened: Opened, views: int = 1, score: float | None = None, detector: str | None = None) -> None:
        if views not in (1, 2):
            raise ZooError(f"--views {views}: of a pose the image and its mirror image are averaged; say 1 or 2")
        self.opened, self.views, self.classes = opened, views, opened.classes
        self.bands, self.data = opened.bands, opened.data
        self.score = SCORE if score is None else score
        self.engine = Engine(opened.build(), opened.trainer, opened.tuned)
        self.skeleton = of_facts(opened.classes, opened.fitted.get("skeleton"))
        self.detector = None if detector is None else detector_of(detector)
        self.size = int(self.data.get("size") or self.data.get("tile") or 256)
        self.metadata = Metadata.of_images(
            opened,
            self.engine,
            tile=self.size,
            thresholds={"score": self.score},
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how images are looked at."""
        if self.opened.fitted.get("boxes") and self.detector is None:
            return (
                "the run learnt individuals that were cut out by their boxes, and is shown whole images; --detector RUN cuts "
                "them out",
            )
        return ()

    def prepare(self, source: str | Path | np.ndarray | Source, boxes: np.ndarray | None = None) -> Looked:
        """Open an image; individuals are those of `boxes` (N, 4) xyxy, of the detector, or one in the whole."""
        opened = source_of(source, self.bands, self.data, self.opened.profile)
        width, height = opened.scene.width, opened.scene.height
        found = self.detected(self.detector(source)) if boxes is None and self.detector is not None else boxes
        if found is None:
            return Looked(opened, (frame_of(width, height, self.size),))
        return Looked(opened, tuple(frame_of(width, height, self.size, box) for box in found), found)

    def prepare_frame(self, pixels: np.ndarray) -> Looked:
        """Take a frame uint8 (H, W, 3), red, green, blue, of a video."""
        boxes = None
        if self.detector is not None:
            boxes = self.detected(self.detector(as_bands(pixels, self.detector.metadata.bands)))
        return self.prepare(as_bands(pixels, self.bands), boxes)

    def detected(self, found: Answer) -> np.ndarray:
        """Return the boxes (N, 4) of individuals: of persons, where the detector knows such among others."""
        assert self.detector is not None
        assert isinstance(found, Detections)
        chosen = PERSON in self.detector.metadata.classes
        kept = [not chosen or label == PERSON for label in found.labels]
        return np.asarray(found.boxes, np.float64).reshape(-1, 4)[np.array(kept, bool)]

    def answer(self, batch: Batch) -> Tensor:
        """Return keypoints (B, N, J, 3) float32 of `images` (B, C, S, S), in their pixels."""
        with self.engine.computing():
            images = self.engine.laid_out(batch["images"])
            if self.views == 2:
                return flipped_mean(self.engine.model, images, self.skeleton.order_mirrored).float()
            found: Tensor = self.engine.model(images)
            return found.float()

    def answers(self, prepared: Looked) -> Generator[Any, None, None]:
        """Yield the keypoints of some individuals at a time, in pixels of the image."""
        for first in range(0, len(prepared.frames), BATCH):
            frames = list(prepared.frames[first : first + BATCH])
            images = torch.stack([self.seen(prepared.source, frame) for frame in frames])
            yield found_of(to_image(frames, self.answer({"images": images})))

    def finish(self, prepared: Looked, answers: Iterable[Tensor]) -> Poses:
        """Return the individuals, the surest first."""
        every = [found.numpy() for found in answers]
        points = np.concatenate(every) if every else np.zeros((0, len(self.classes), 3), np.float32)
        if prepared.boxes is not None and len(points) != len(prepared.boxes):
            raise ZooError(f"{self.opened.source} finds several individuals by itself; leave --detector out")
        order = np.argsort(-points[..., 2].mean(axis=1), kind="stable") if len(points) else np.zeros(0, int)
        boxes = None if prepared.boxes is None else prepared.boxes[order]
        return Poses(points[order], tuple(self.classes), boxes)

    def seen(self, source: Source, frame: Frame) -> Tensor:
        """Return what is seen in a frame of an image (C, S, S); what is no data is 0."""
        pixels, shown = source.read(frame.window), source.read_shown(frame.window)
        return frame.show(torch.from_numpy(part_of(source.scene, frame.window, pixels, shown, source.values).image))


def found_of(keypoints: Tensor) -> Tensor:
    """Return the individuals (N, J, 3) of some frames (B, M, J, 3); where a model finds several, those that are there."""
    every = keypoints.flatten(0, 1)
    return every if keypoints.shape[1] == 1 else every[every[..., 2].any(dim=1)]


def detector_of(name: str) -> Predictor[Any]:
    """Open what finds individuals; what gives no upright boxes is refused."""
    found = load(name)
    if not issubclass(found.gives, Detections):
        raise ZooError(f"--detector {name} is for the task {found.metadata.task}, and gives no boxes; name a detector")
    if getattr(found, "geometry", "box") != "box":
        raise ZooError(f"--detector {name} gives rotated boxes; individuals are cut out by upright ones")
    return found
