"""What a reader of any annotation format returns: per image its boxes in pixels and the names of their classes."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recipes.folder.problems import Problem
from recipes.imagery.images import ImageFacts


@dataclass(frozen=True)
class ImageAnnotation:
    """An image with its objects: `boxes` float32 (N, 4) xyxy in pixels of the file, as annotated; `labels` (N,) names.

    `name` is the path below the data folder; `places` (N,) tells where in `source` each object stands. `split` is train,
    val or test where the format says so; `group` names what must stay together. `facts` is None for an unreadable image.
    """

    name: str
    path: Path
    facts: ImageFacts | None
    boxes: np.ndarray
    labels: tuple[str, ...]
    source: str = ""
    places: tuple[int, ...] = ()
    split: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Annotations:
    """All images of a folder, sorted by name, and the classes in the format's own order.

    `place` says what `places` count ("line" or "annotation"). `problems` is what the reader could not take; nothing of it
    is in `images`, but for images without objects and boxes, which are judged later.
    """

    root: Path
    images: tuple[ImageAnnotation, ...]
    classes: tuple[str, ...]
    place: str = "line"
    problems: tuple[Problem, ...] = field(default=())
    notes: tuple[str, ...] = ()
