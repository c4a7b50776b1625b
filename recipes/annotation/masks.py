"""The class of each pixel: images with a mask beside each, PNG files of class numbers, which come back to the pixel."""

import shutil
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from recipes.annotation.annotator import Annotator, Marked, Outcome, Truth
from recipes.annotation.bands import bands_of
from recipes.annotation.whole import whole_folder
from recipes.imagery.images import facts
from recipes.imagery.scene import Scene
from recipes.kit.module import DataModule
from zoo.errors import ZooError
from zoo.inference.answers import Answer, Mask
from zoo.segmentation import IGNORED


class Masks(Annotator):
    """A mask over the whole image."""

    formats = ("masks",)
    agreed = 0.95

    def truth(self, answer: Answer) -> Truth:
        """Return the mask of an answer."""
        if not isinstance(answer, Mask):
            raise ZooError(f"an answer of the kind {type(answer).__name__} holds no mask, and cannot be marked")
        return {"mask": packed(answer.mask), "names": list(answer.classes)}

    def uncertainty(self, answer: Answer) -> float:
        """Return NaN: a mask does not say how sure it is; views that disagree do."""
        return float("nan")

    def names(self, truth: Truth) -> list[str]:
        """Return the classes that are there."""
        return [truth["names"][number] for number in sorted(set(truth["mask"]["values"]) - {IGNORED})]

    def agreement(self, one: Truth, other: Truth) -> float:
        """Return the mean intersection over union of the classes that either has."""
        first, second = (named(truth) for truth in (one, other))
        if first.shape != second.shape:
            return 0.0
        shares = [
            float(((first == name) & (second == name)).sum() / ((first == name) | (second == name)).sum())
            for name in sorted({*np.unique(first), *np.unique(second)} - {""})
        ]
        return float(np.mean(shares)) if shares else 1.0

    def outcomes(self, said: Truth, truth: Truth) -> tuple[list[Outcome], list[str]]:
        """Return nothing: a pixel has no score of its own here."""
        return [], []

    def mirrored(self, truth: Truth, width: int) -> Truth:
        """Return the mask in the mirror image."""
        return {**truth, "mask": packed(unpacked(truth["mask"])[:, ::-1])}

    def sample(self, data: DataModule[Any], path: Path, truth: Truth, task: Mapping[str, Any]) -> Scene:
        """Return an image with its mask, in the numbers that the classes have in the data, as a scene."""
        numbers = np.full(256, IGNORED, np.uint8)
        for number, name in enumerate(truth["names"]):
            if name in data.classes:
                numbers[number] = data.classes.index(name)
        size, mask = facts(path), numbers[unpacked(truth["mask"])]
        if mask.shape != (size.height, size.width):
            raise ZooError(
                f"{path} is {size.height} × {size.width} pixels, and its mask is {mask.shape}; label it again"
            )
        return Scene(
            f"labels/{path.name}", path, (0, 0, size.width, size.height), mask=mask, bands=bands_of(data, path)
        )

    def write(self, marked: Sequence[Marked], classes: Sequence[str], format: str, out: Path) -> None:
        """Write images/, masks/ with what the model says, and `classes.txt` with the names of the numbers."""
        self.known_format(format)
        with whole_folder(out) as part:
            for name in ("images", "masks"):
                (part / name).mkdir(parents=True)
            for one in marked:
                shutil.copyfile(one.path, part / "images" / one.path.name)
                Image.fromarray(unpacked(one.truth["mask"])).save(part / "masks" / f"{one.path.stem}.png")
            (part / "classes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")

    def read(self, folder: Path, format: str | None, classes: Sequence[str]) -> dict[str, Truth]:
        """Return the masks in masks/ by the names of the images beside them; `classes.txt` may name more classes."""
        images = {path.stem: path.name for path in (folder / "images").glob("*")}
        listed = folder / "classes.txt"
        names = [line.strip() for line in listed.read_text(encoding="utf-8").splitlines()] if listed.exists() else []
        names = [name for name in names if name] or list(classes)
        found = dict[str, Truth]()
        for path in sorted((folder / "masks").glob("*.png")):
            if path.stem not in images:
                raise ZooError(f"{path} is the mask of no image in {folder / 'images'}")
            found[images[path.stem]] = {"mask": packed(read_mask(path, len(names))), "names": names}
        if not found:
            raise ZooError(f"{folder} has no masks/*.png beside images/; put what was labelled there")
        return found


def read_mask(path: Path, classes: int) -> np.ndarray:
    """Read a mask (H, W) of class numbers; a number that is no class is refused."""
    try:
        with Image.open(path) as picture:
            mask = np.array(picture)
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise ZooError(f"{path} is no image: {error}") from error
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise ZooError(
            f"{path} is {mask.dtype} of shape {mask.shape}; a mask is one band of 8 bits, a class number each"
        )
    wrong = sorted(set(np.unique(mask).tolist()) - {*range(classes), IGNORED})
    if wrong:
        raise ZooError(
            f"{path} holds {wrong[0]}, and there are {classes} classes, from 0; {IGNORED} is not known. classes.txt names more"
        )
    return mask


def packed(mask: np.ndarray) -> dict[str, Any]:
    """Return a mask (H, W) as runs along its rows."""
    flat = np.ascontiguousarray(mask).ravel()
    firsts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    lengths = np.diff(np.append(firsts, len(flat)))
    return {"size": list(mask.shape), "values": flat[firsts].tolist(), "lengths": lengths.tolist()}


def unpacked(runs: dict[str, Any]) -> np.ndarray:
    """Return the mask (H, W) uint8 of runs."""
    flat = np.repeat(np.array(runs["values"], np.uint8), runs["lengths"])
    if flat.size != int(np.prod(runs["size"])):
        raise ZooError(f"the runs of a mask fill {flat.size} pixels, and its size is {runs['size']}; label it again")
    return flat.reshape(runs["size"])


def named(truth: Truth) -> np.ndarray:
    """Return the names of the classes (H, W), "" where a pixel is not known."""
    names = np.array([*chain(truth["names"], [""])], object)
    mask = unpacked(truth["mask"]).astype(int)
    return names[np.where(mask == IGNORED, len(names) - 1, mask)]
