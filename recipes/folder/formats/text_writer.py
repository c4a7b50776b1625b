"""Writing the formats of a text file an image: DOTA, YOLO, YOLO with rotated boxes."""

from collections.abc import Sequence
from pathlib import Path
from posixpath import splitext

import numpy as np
import yaml

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.formats.dota import HEADERS
from recipes.folder.formats.format import Placed, by_split, four_corners, save, short
from zoo.errors import ZooError

#: Decimals of a fraction of the image's side: a millionth of a pixel in 10,000.
FRACTION = 10


def list_classes(root: Path, classes: Sequence[str]) -> None:
    """Write `classes.txt`: what a format without a list of its own is read with."""
    save(root / "classes.txt", "".join(f"{name}\n" for name in classes))


def label_path(rel: str, images: str, labels: str, suffix: str) -> str:
    """Return where the label of an image lies: its folder `images` renamed, which the layout has put there."""
    head, _, tail = f"/{rel}".partition(f"/{images}/")
    return f"{head}/{labels}/{splitext(tail)[0]}{suffix}".lstrip("/")


def write_dota(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `labelTxt` beside `images`, below a folder for each split."""
    list_classes(root, classes)
    for one in placed:
        heads = [f"{name}:{one.image.about[name]}" for name in HEADERS if name in one.image.about]
        lines = [
            f"{' '.join(map(short, points.ravel()))} {label} {int(index in one.image.difficult)}"
            for index, (points, label) in enumerate(zip(four_corners(one.image), one.image.labels, strict=True))
        ]
        text = "".join(f"{line}\n" for line in [*heads, *lines])
        save(root / label_path(one.rel, "images", "labelTxt", ".txt"), text)


def place_dota(bare: str, split: str | None) -> str:
    """Return `train/images/…`, as DOTA is delivered."""
    return "/".join(filter(None, [split, "images", bare]))


def write_yolo(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `labels` beside `images`, and `data.yaml`: centre, width and height as fractions."""
    write_fractions(placed, classes, root, corners=False)


def write_yolo_obb(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `labels` beside `images`, and `data.yaml`: four corners as fractions."""
    write_fractions(placed, classes, root, corners=True)


def place_yolo(bare: str, split: str | None) -> str:
    """Return `images/train/…`."""
    return "/".join(filter(None, ["images", split, bare]))


def write_fractions(placed: Sequence[Placed], classes: Sequence[str], root: Path, corners: bool) -> None:
    """Write YOLO's files."""
    numbers = {name: number for number, name in enumerate(classes)}
    for one in placed:
        rows = (four_corners(one.image).reshape(-1, 8) if corners else centred(one.image)) / sides(
            one.image, 4 if corners else 2
        )
        lines = [
            " ".join([str(numbers[label]), *(short(part, FRACTION) for part in row)])
            for row, label in zip(rows.tolist(), one.image.labels, strict=True)
        ]
        save(root / label_path(one.rel, "images", "labels", ".txt"), "".join(f"{line}\n" for line in lines))
    splits = {split: f"images/{split}" for split in by_split(placed) if split}
    described = {**({"path": "."} | splits if splits else {}), "names": dict(enumerate(classes))}
    save(root / "data.yaml", yaml.safe_dump(described, sort_keys=False, allow_unicode=True))


def centred(image: ImageAnnotation) -> np.ndarray:
    """Return boxes (N, 4) as centre, width, height, pixels."""
    low, high = image.boxes[:, :2], image.boxes[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def sides(image: ImageAnnotation, times: int) -> np.ndarray:
    """Return width and height of the image, so many times."""
    if image.facts is None:
        raise ZooError(f"image {image.name} cannot be read, and YOLO needs its size; replace it, or remove it")
    return np.tile([image.facts.width, image.facts.height], times).astype(np.float64)
