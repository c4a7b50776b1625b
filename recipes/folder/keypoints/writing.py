"""Writing keypoints in another format: what it cannot carry is counted, and what was written is read back and compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.formats.format import Placed
from recipes.folder.keypoints.format import KeypointFormat, KeypointImage
from recipes.folder.keypoints.found import INDIVIDUAL, Found, Individual
from recipes.folder.tree import Tree
from recipes.folder.writing.folder import write_images
from zoo.errors import ZooError

#: What is lost, and what becomes of it.
SENTENCES = {
    "hidden": "keypoints are no longer marked hidden",
    "skeleton": "the skeleton loses its edges",
    "box": "individuals lose their boxes",
    "area": "individuals lose their areas",
    "label": "individuals of several kinds become of one",
    "name": "individuals lose their names",
    "split": "images are in no split",
}
#: What is read back must be this near to what was written, pixels.
NEAR = 1e-3


def losses(found: Found, target: KeypointFormat) -> dict[str, list[str]]:
    """Return, by kind, everything that a format cannot carry: where each is."""
    every = [one for _, one in found.every()]
    several = len({one.label for one in every}) > 1
    lost = {
        "hidden": [f"{found.names[at]} ({one.where})" for one in every for at in sorted(one.hidden)],
        "skeleton": [" ".join(edge) for edge in found.edges or []],
        "box": [one.where for one in every if one.box is not None],
        "area": [one.where for one in every if one.area is not None],
        "label": [f"{one.label} ({one.where})" for one in every if several],
        "name": [f"{one.name} ({one.where})" for one in every if one.name],
        "split": [image for image in found.images if image in found.splits],
    }
    return {kind: those for kind, those in lost.items() if those and kind not in target.carries}


def reduced(found: Found, target: KeypointFormat) -> Found:
    """Return what is left for a format that cannot carry all."""
    bare = {"hidden": frozenset[int](), "box": None, "area": None, "label": "", "name": ""}
    lost = {kind: value for kind, value in bare.items() if kind not in target.carries}
    images = {image: [replace(one, **lost) for one in those] for image, those in found.images.items()}  # type: ignore[arg-type]
    return replace(
        found,
        images=images,
        edges=found.edges if "skeleton" in target.carries else None,
        splits=found.splits if "split" in target.carries else {},
    )


def write_keypoints(
    tree: Tree, found: Found, target: KeypointFormat, out: Path, images: str = "link", track: Callable = iter
) -> None:
    """Write images and keypoints to the new folder `out`, all of it or nothing; see `write_images`."""
    nothing = np.zeros((0, 4))
    annotated = [
        ImageAnnotation(rel, tree.path(rel), size, nothing, (), split=found.splits.get(rel))
        for rel, size in found.facts.items()
    ]

    def fill(placed: Sequence[Placed], root: Path) -> None:
        those = [as_written(one, found) for one in placed]
        target.write(those, found, root)
        compare(those, found, target, root)

    write_images(annotated, target, out, fill, images, track)


def as_written(placed: Placed, found: Found) -> KeypointImage:
    """Return an image with its individuals."""
    image = placed.image
    assert image.facts is not None
    return KeypointImage(placed.rel, image.split, image.facts, found.images[image.name])


def compare(images: Sequence[KeypointImage], found: Found, target: KeypointFormat, root: Path) -> None:
    """Read what was written and hold it against what it was made of; ZooError names the first difference."""
    again = target.read(Tree(root))
    if again.problems:
        raise ZooError(f"what would be written cannot be read again ({again.problems[0]}); nothing was written")
    wrong = [f"{one.rel}: {what}" for one in images if (what := difference(one, found, again))]
    if set(again.images) != {one.rel for one in images}:
        wrong.append(f"{len(images)} images became {len(again.images)}")
    if set(again.edges or []) != set(found.edges or []):
        wrong.append(f"edges {found.edges} became {again.edges}")
    if wrong:
        raise ZooError(f"this format would not give the same again ({wrong[0]}); nothing was written")


def difference(image: KeypointImage, found: Found, again: Found) -> str:
    """Return in what an image that was read back differs, "" for nothing."""
    if set(again.names) != set(found.names) or image.rel not in again.images:
        return f"its keypoints {', '.join(found.names)} are not found again"
    if again.splits.get(image.rel) != image.split:
        return f"split {image.split!r} became {again.splits.get(image.rel)!r}"
    read = again.images[image.rel]
    if len(read) != len(image.individuals):
        return f"{len(image.individuals)} individuals became {len(read)}"
    by_name: Mapping[str, Individual] = {one.name: one for one in read if one.name}
    order = [again.names.index(name) for name in found.names]
    pairs = [(one, by_name.get(one.name, other)) for one, other in zip(image.individuals, read, strict=True)]
    return next((what for one, other in pairs if (what := moved(one, other, order, found.names))), "")


def moved(one: Individual, other: Individual, order: Sequence[int], names: Sequence[str]) -> str:
    """Return in what an individual that was read back differs, whose keypoints stand in an `order`."""
    there = np.where(one.seen[:, None], one.keypoints, np.nan)
    off = ~np.isclose(there, other.keypoints[list(order)], rtol=0, atol=NEAR, equal_nan=True).all(axis=1)
    if off.any():
        return f"{names[int(off.argmax())]} of {one.where} moved"
    pairs: dict[str, tuple[object, object]] = {
        "hidden": (one.hidden, frozenset(at for at, before in enumerate(order) if before in other.hidden)),
        "label": (one.label or INDIVIDUAL, other.label or INDIVIDUAL),
        "name": (one.name, other.name if one.name else ""),
    }
    changed = [what for what, (before, after) in pairs.items() if before != after]
    changed += [] if alike(one.box, other.box) else ["box"]
    changed += [] if alike(one.area, other.area) else ["area"]
    return f"{changed[0]} of {one.where} changed" if changed else ""


def alike(one: object, other: object) -> bool:
    """Say whether two boxes or areas are the same, or both not there."""
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=1e-6, atol=NEAR))  # type: ignore[arg-type]  # numbers, or four of them
