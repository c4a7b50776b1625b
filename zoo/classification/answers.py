"""What is said of an image: its class, and, of one much larger than those of training, where what is seen."""

from dataclasses import dataclass

from zoo.inference.answers import Label


@dataclass(frozen=True)
class ImageLabel(Label):
    """The class of an image, its probability, and those of all classes by name; of several classes, joined by a bar."""
