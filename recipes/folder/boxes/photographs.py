"""Whether the pictures of a folder are photographs, a few large objects in each, and what that suggests.

A detector of scenes looks at tiles, and an object as large as a picture is in none of them whole. So whole pictures are
scaled to the size that a model is made for, by a model whose coarsest maps see that far, and mirrored, never turned.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

import zoo
from recipes.folder.annotations import ImageAnnotation
from recipes.folder.boxes.geometry import choose_geometry
from recipes.folder.formats.reading import read_annotations
from recipes.folder.sizes import even
from recipes.folder.tree import Tree
from recipes.imagery.images import is_raster
from zoo.errors import ZooError
from zoo.profile import LARGE_OBJECT
from zoo.registry.tasks import Suggestion

#: The least longer side of a scaled picture, pixels.
LEAST = 320
#: What the smallest objects, 5 % of all, should still have of it, pixels: four points of the stride 8.
SMALLEST = 32
#: Words that say already how pictures are looked at.
DECIDED = frozenset({"data.resize", "data.crop", "data.tile", "recipes"})
#: The model where none is named: light, with the strides 8 to 32, and it begins with weights that know everyday things.
MODEL = "nanodet_g"


def suggest(root: str, said: Mapping[str, str]) -> Suggestion | None:
    """Return the settings that large objects suggest, unless it is `said` otherwise; None for other folders.

    What cannot be read suggests nothing: it is refused where it is read for the run.
    """
    folder = Path(root).expanduser()
    if said.keys() & DECIDED or said.get("fit", "adapt") != "adapt" or not folder.is_dir():
        return None
    try:
        annotations = read_annotations(Tree(folder), said.get("data.format"))
    except ZooError:
        return None
    images = [image for image in annotations.images if len(image.boxes) and image.facts is not None]
    if not images or any(is_raster(image.path) for image in images):
        return None
    if choose_geometry(images, said.get("data.geometry", "auto")) == "rotated_box":
        return None
    shares = np.concatenate([shares_of(image) for image in images])
    shares = shares[shares > 0]  # others are refused, or left out, where they are read for the run
    if not len(shares) or np.median(shares) < LARGE_OBJECT:
        return None
    low, median = np.quantile(shares, (0.05, 0.5))
    why = f"the objects are large in their pictures (the median is {median:.0%} of the longer side)"
    return Suggestion(why, settings(said.get("model", MODEL), float(low)))


def shares_of(image: ImageAnnotation) -> np.ndarray:
    """Return the longer side (N,) of each object as a share of that of its picture."""
    assert image.facts is not None
    sides = image.boxes[:, 2:] - image.boxes[:, :2]
    found: np.ndarray = sides.max(axis=1) / max(image.facts.width, image.facts.height)
    return found


def settings(model: str, low: float) -> dict[str, str]:
    """Return the settings for a model; `low` is the share of the picture that the smallest objects have.

    A model that scales what it sees is shown its own size, others as little as the smallest objects ask for.
    """
    card = zoo.card(model)
    views = {"model.views": "1"} if card.options.get("views", 1) > 1 else {}  # a photograph has an upright
    made_for = max(card.designed_for.size or (LEAST,))
    side = made_for if card.designed_for.scaled else int(np.clip(even(SMALLEST / low), LEAST, max(LEAST, made_for)))
    return {"model": model, "data.resize": str(side), "augment": "standard", **views}
