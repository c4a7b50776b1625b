"""What is said of an image: its class, and, of one much larger than those of training, where what is seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoo.inference.answers import Label

#: The side of images where nothing is said: that of most weights.
SIDE = 224


@dataclass(frozen=True)
class ImageLabel(Label):
    """The class of an image, its probability, and those of all classes by name; of several classes, joined by a bar."""


def side_of(data: Mapping[str, Any]) -> int:
    """Return the side in pixels to which a run's images are scaled, by the settings of its data."""
    return int(data.get("size") or data.get("tile") or SIDE)
