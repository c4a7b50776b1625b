"""Individuals as a data module takes them: each an instance of its image, of which something is visible or not."""

from collections.abc import Iterator

import numpy as np

from recipes.folder.keypoints.found import Found, Individual
from recipes.folder.tree import Tree
from recipes.imagery.images import ImageFacts
from recipes.keypoints.instance import Instance, area_of, inside


def instances_of(tree: Tree, found: Found) -> Iterator[Instance]:
    """Yield every individual; of an image with several each has its number behind the name."""
    for rel, size in found.facts.items():
        those = found.images[rel]
        for number, one in enumerate(those, 1):
            yield instance(tree, rel if len(those) == 1 else f"{rel} #{number}", rel, size, one)


def instance(tree: Tree, name: str, rel: str, size: ImageFacts, one: Individual) -> Instance:
    """Return one individual; keypoints outside the image are kept, and not visible."""
    visible = one.seen & inside(one.keypoints, size.width, size.height)
    boxes = np.zeros((0, 4), np.float32) if one.box is None else np.array([one.box], np.float32)
    area = one.area if one.area else area_of(one.keypoints, visible)
    return Instance(
        name, tree.path(rel), (0, 0, size.width, size.height), boxes, keypoints=one.keypoints.astype(np.float32),
        visible=visible, area=float(area),
    )  # fmt: skip
