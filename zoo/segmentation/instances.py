"""Instances from masks: which pixels of a class are one object, where the mask alone says only what they are.

`components` are pixels that touch by a side. `borders` needs a class `border` between objects, as the winners of SpaceNet
trained it: components of what is left, each grown back over the border around it. `watershed` needs no such class: it parts
components at their waists, along the watershed of the distance to the outline (Vincent and Soille 1991,
https://doi.org/10.1109/34.87344), from its maxima of some depth, so that a ragged outline parts nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zoo.errors import ZooError, near
from zoo.segmentation import BORDER, foreground_of

METHODS = ("components", "borders", "watershed")
#: Pixels to either side of an outline that are `border`, and over which an instance grows back.
REACH = 2
#: A waist parts a component if it is narrower than both sides of it by twice so many pixels.
DEPTH = 2.0


class Instances(NamedTuple):
    """Labels (H, W) int32, 0 where no instance is, and the class of each label (N + 1,), that of 0 meaning nothing."""

    labels: np.ndarray
    classes: np.ndarray


class Method(NamedTuple):
    """How instances are told apart: by `name`, in masks whose objects have the classes `foreground`, `border` between."""

    name: str
    foreground: Sequence[int]
    border: int | None = None

    @classmethod
    def of(cls, name: str, classes: Sequence[str], option: str = "task.instances=") -> "Method":
        """Return the method of this name for masks of these classes; ZooError when it is not known or lacks its class."""
        if name not in METHODS:
            raise ZooError(f"{option}{name!r} is not known{near(name, METHODS)}; it is none, {', '.join(METHODS)}")
        border = classes.index(BORDER) if BORDER in classes else None
        if name == "borders" and border is None:
            raise ZooError(
                f"{option}borders needs a class {BORDER!r}, and there are {', '.join(classes)}; data.borders=true"
                f" makes one for buildings, {option}watershed needs none"
            )
        return cls(name, foreground_of(classes), border)

    @property
    def of_truth(self) -> "Method":
        """The method for true masks: nothing is parted in them that they do not part themselves."""
        return self if self.name == "borders" else self._replace(name="components")

    def __call__(self, mask: np.ndarray) -> Instances:
        """Return the instances of a mask (H, W)."""
        parted = watershed if self.name == "watershed" else components
        labels, classes = np.zeros(mask.shape, np.int32), [0]
        for value in self.foreground:
            found = parted(mask == value)
            labels += np.where(found > 0, found + (len(classes) - 1), 0).astype(np.int32)
            classes += [value] * int(found.max(initial=0))
        if self.name == "borders":
            labels = grown(labels, mask == self.border)
        return Instances(labels, np.array(classes))


def components(pixels: np.ndarray) -> np.ndarray:
    """Label the components (H, W) of bool pixels that touch by a side, from 1 on."""
    from scipy.ndimage import label

    return np.asarray(label(pixels)[0], np.int32)


def watershed(pixels: np.ndarray, depth: float = DEPTH) -> np.ndarray:
    """Label the parts (H, W) of bool pixels, from 1 on: components, parted where their distance to the outline has a pass."""
    from scipy.ndimage import distance_transform_edt, generate_binary_structure
    from skimage.morphology import local_maxima, reconstruction
    from skimage.segmentation import watershed as flooded

    distance = np.asarray(distance_transform_edt(np.pad(pixels, 1)))[1:-1, 1:-1]  # the scene's end is an outline
    cross = generate_binary_structure(2, 1)  # by a side, as in components: no marker is in two of them
    hills = reconstruction(
        np.maximum(distance - depth, 0), distance, footprint=cross
    )  # less than that depth is a plain
    markers = components(local_maxima(hills, connectivity=1) & (hills > 0))
    labels = np.asarray(flooded(-distance, markers, mask=pixels), np.int32)
    slender = components(pixels & (labels == 0))  # nowhere as deep as that
    return np.where(slender > 0, slender + labels.max(initial=0), labels)


def grown(labels: np.ndarray, border: np.ndarray, reach: float = REACH) -> np.ndarray:
    """Return labels (H, W) grown over bool pixels of the border, each to the nearest instance within `reach` pixels."""
    from scipy.ndimage import distance_transform_edt

    if not labels.any():
        return labels
    distance, nearest = distance_transform_edt(labels == 0, return_indices=True)
    return np.where(border & (distance <= reach), labels[tuple(nearest)], labels)


def bordered(labels: np.ndarray, reach: float = REACH) -> np.ndarray:
    """Return the pixels (H, W) bool within `reach` of another label, nothing (0) being one too: the class `border`."""
    from scipy.ndimage import maximum_filter, minimum_filter

    steps = np.arange(-int(reach), int(reach) + 1)
    disc = np.hypot(*np.meshgrid(steps, steps)) <= reach
    return np.asarray(maximum_filter(labels, footprint=disc) != minimum_filter(labels, footprint=disc))
