"""Tiny data sets of coloured rectangles in every format, drawn from a seed; other tests use them too."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import rasterio
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

FORMATS = ("voc", "coco", "yolo", "csv")
PICTURE_BANDS = (1, 3, 4)


@dataclass(frozen=True)
class Picture:
    """An image and its truth: `boxes` (N, 4) xyxy in pixels, `labels` (N,) names."""

    name: str
    width: int
    height: int
    boxes: np.ndarray
    labels: tuple[str, ...]


def make(
    root: Path,
    format: str,
    images: int = 6,
    size: int = 64,
    classes: Sequence[str] = ("red car", "blue truck"),
    bands: int = 3,
    seed: int = 0,
) -> list[Picture]:
    """Write `images` square images with one to three rectangles each, and their annotations; every class is in each."""
    rng = np.random.default_rng(seed)
    suffix = "png" if bands in PICTURE_BANDS else "tif"
    pictures = []
    for index in range(images):
        boxes, labels = rectangles(rng, size, classes)
        picture = Picture(f"image_{index:03d}.{suffix}", size, size, boxes, labels)
        pixels = draw(rng, picture, classes, bands)
        save(root / image_folder(format) / picture.name, pixels)
        pictures.append(picture)
    write(root, format, pictures, classes)
    return pictures


def rectangles(rng: np.random.Generator, size: int, classes: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a box of each class: whole pixels, a quarter of the image at most, one in each row of a grid."""
    rows = len(classes)
    boxes = []
    for row in range(rows):
        width, height = rng.integers(size // 8, size // 4, 2)
        height = min(int(height), size // rows - 2)
        x, y = rng.integers(0, size - width), row * (size // rows) + 1
        boxes.append((x, y, x + width, y + height))
    return np.array(boxes, np.float32), tuple(classes)


def draw(rng: np.random.Generator, picture: Picture, classes: Sequence[str], bands: int) -> np.ndarray:
    """Return (C, H, W) uint8: dark noise, and each class in a colour of its own."""
    pixels = rng.integers(0, 40, (bands, picture.height, picture.width)).astype(np.uint8)
    for (x1, y1, x2, y2), label in zip(picture.boxes.astype(int), picture.labels, strict=True):
        pixels[classes.index(label) % bands, y1:y2, x1:x2] = 230 - 20 * (classes.index(label) // bands)
    if bands == 4:
        pixels[3] = 255
    return pixels


def save(path: Path, pixels: np.ndarray) -> None:
    """Write (C, H, W) uint8 or uint16 as PNG, JPEG or TIFF, by the suffix."""
    import warnings

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in (".tif", ".tiff"):
        bands, height, width = pixels.shape
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path, "w", driver="GTiff", width=width, height=height, count=bands, dtype=pixels.dtype
            ) as file:
                file.write(pixels)
    else:
        Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(path)


def image_folder(format: str) -> str:
    """Return where the images lie in the plain layout of a format."""
    return {"voc": "JPEGImages", "coco": "images", "yolo": "images", "csv": "."}[format]


def write(root: Path, format: str, pictures: Sequence[Picture], classes: Sequence[str]) -> None:
    """Write the annotations in the plain layout of a format, without splits."""
    root.mkdir(parents=True, exist_ok=True)
    {"voc": write_voc, "coco": write_coco, "yolo": write_yolo, "csv": write_csv}[format](root, pictures, classes)


def write_voc(root: Path, pictures: Sequence[Picture], classes: Sequence[str]) -> None:
    """Write `Annotations/*.xml`."""
    for picture in pictures:
        path = root / "Annotations" / Path(picture.name).with_suffix(".xml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(voc_xml(picture), encoding="utf-8")


def voc_xml(picture: Picture) -> str:
    """Return the XML of one image."""
    lines = ["<annotation>", f"  <filename>{escape(Path(picture.name).name)}</filename>", "  <size>"]
    lines += [f"    <width>{picture.width}</width><height>{picture.height}</height><depth>3</depth>", "  </size>"]
    for box, label in zip(picture.boxes, picture.labels, strict=True):
        corners = "".join(
            f"<{name}>{float(value)!r}</{name}>"
            for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
        )
        lines += ["  <object>", f"    <name>{escape(label)}</name>", f"    <bndbox>{corners}</bndbox>", "  </object>"]
    return "\n".join([*lines, "</annotation>", ""])


def write_coco(root: Path, pictures: Sequence[Picture], classes: Sequence[str]) -> None:
    """Write `annotations.json`."""
    (root / "annotations.json").write_text(json.dumps(coco(pictures, classes)), encoding="utf-8")


def coco(pictures: Sequence[Picture], classes: Sequence[str]) -> dict[str, list[dict]]:
    """Return the three tables; ids begin at 1, and those of classes leave gaps as COCO's do."""
    images, annotations = [], []
    for number, picture in enumerate(pictures, 1):
        images.append({"id": number, "file_name": picture.name, "width": picture.width, "height": picture.height})
        for (x1, y1, x2, y2), label in zip(picture.boxes.tolist(), picture.labels, strict=True):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 3 * list(classes).index(label) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "iscrowd": 0,
                }
            )
    categories = [{"id": 3 * number + 1, "name": name} for number, name in enumerate(classes)]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_yolo(root: Path, pictures: Sequence[Picture], classes: Sequence[str]) -> None:
    """Write `labels/*.txt` and `classes.txt`."""
    (root / "classes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
    for picture in pictures:
        path = root / "labels" / Path(picture.name).with_suffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yolo_lines(picture, classes), encoding="utf-8")


def yolo_lines(picture: Picture, classes: Sequence[str]) -> str:
    """Return the label lines of one image."""
    lines = []
    for (x1, y1, x2, y2), label in zip(picture.boxes.tolist(), picture.labels, strict=True):
        x, width = (x1 + x2) / 2 / picture.width, (x2 - x1) / picture.width
        y, height = (y1 + y2) / 2 / picture.height, (y2 - y1) / picture.height
        lines.append(f"{list(classes).index(label)} {x:.8f} {y:.8f} {width:.8f} {height:.8f}\n")
    return "".join(lines)


def write_csv(root: Path, pictures: Sequence[Picture], classes: Sequence[str]) -> None:
    """Write `boxes.csv` with a header."""
    with (root / "boxes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image_path", "xmin", "ymin", "xmax", "ymax", "label"])
        for picture in pictures:
            for box, label in zip(picture.boxes.tolist(), picture.labels, strict=True):
                writer.writerow([picture.name, *box, label])
            if not picture.labels:
                writer.writerow([picture.name, "", "", "", "", ""])
