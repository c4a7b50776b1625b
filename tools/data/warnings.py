"""What `zoo data check` tells of data that can be read: what may be a mistake, and what is worth knowing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation, where
from recipes.folder.boxes.geometry import choose_geometry, rotated_boxes
from recipes.folder.formats.table import FORMATS
from recipes.folder.georeference import crs_name, georeference
from recipes.folder.pixels import Look
from recipes.imagery.images import RASTERS
from tools.data.report import Finding
from zoo.errors import agreeing, counted

SMALL = 2.0  # pixels
#: Sides of a rotated box that differ by less than this share leave its angle open by a quarter turn.
SQUARE = 0.1
SENTENCES = {
    "twice": "[box is|boxes are] there twice",
    "small": f"[box is|boxes are] less than {SMALL:g} pixels wide or high",
    "unlisted": "[class is|classes are] not in classes.txt",
    "crs": "coordinate systems are in one data set",
    "nothing": "[image holds|images hold] nothing but nodata or NaN; remove [it|them], or correct data.nodata",
    "blank": "[image has|images have] one value only",
}


def warnings(annotations: Annotations, looks: Mapping[str, Look]) -> Iterable[Finding]:
    """Yield what is allowed and may be a mistake."""
    found: dict[str, list[str]] = defaultdict(list)
    for image in annotations.images:
        found["twice"] += twice(image)
        found["small"] += [where(annotations, image, int(index)) for index in np.flatnonzero(small(image))]
    found["unlisted"] = unlisted(annotations)
    found["crs"] = systems(annotations.images)
    for kind, examples in found.items():
        if examples:
            yield Finding("warning", kind, agreeing(len(examples), SENTENCES[kind]), tuple(examples))
    yield from look_findings(looks)


def look_findings(looks: Mapping[str, Look]) -> Iterable[Finding]:
    """Yield a warning for images of one value, and an error for images without any."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, seen in looks.items():
        if seen.oddity:
            found[seen.oddity].append(name if seen.oddity == "nothing" else f"{name}: {seen.low:g}")
    for kind, examples in found.items():
        level = "error" if kind == "nothing" else "warning"
        yield Finding(level, kind, agreeing(len(examples), SENTENCES[kind]), tuple(examples))


def twice(image: ImageAnnotation) -> list[str]:
    """Return the objects of an image that are there more than once, at the same place and of the same class."""
    shapes = [tuple(image.shapes[index].ravel()) if index in image.shapes else () for index in range(len(image.labels))]
    objects = Counter(
        (*box, shape, label) for box, shape, label in zip(image.boxes.tolist(), shapes, image.labels, strict=True)
    )
    return [f"{image.name}: {key[-1]} {list(key[:4])}" for key, count in objects.items() if count > 1]


def small(image: ImageAnnotation) -> np.ndarray:
    """Say, bool (N,), which objects have an area and a side of less than `SMALL` pixels."""
    sides = sound_sides(image)
    return np.any((sides > 0) & (sides < SMALL), axis=1)


def sound_sides(image: ImageAnnotation) -> np.ndarray:
    """Return width and height (N, 2) of the objects, as they lie; of boxes that are not finite, NaN."""
    good = np.isfinite(image.boxes).all(axis=1)
    sides = np.full((len(good), 2), np.nan)
    sides[good] = rotated_boxes(image.only(good))[:, 2:4]
    return sides


def unlisted(annotations: Annotations) -> list[str]:
    """Return the classes that objects have and a list beside them has not."""
    listed = annotations.tree.listed_names() if not FORMATS[annotations.format].lists_classes else []
    counts = Counter(label for image in annotations.images for label in image.labels)
    return [
        f"{name!r}: {counted(count, 'object')}"
        for name, count in sorted(counts.items())
        if listed and name not in listed
    ]


def systems(images: Iterable[ImageAnnotation]) -> list[str]:
    """Return the coordinate systems of the rasters and one of each, when there are several."""
    names: dict[str, list[str]] = defaultdict(list)
    for image in images:
        if image.facts is not None and image.path.suffix.lower() in RASTERS:
            place = georeference(image.path)
            names[crs_name(place.crs) if place.crs else "none"].append(image.name)
    return [f"{name}: {len(those)} ({those[0]})" for name, those in sorted(names.items())] if len(names) > 1 else []


def notes(annotations: Annotations) -> Iterable[Finding]:
    """Yield what is worth knowing: the sizes of the images, and how the objects lie."""
    sizes = Counter((i.facts.width, i.facts.height) for i in annotations.images if i.facts is not None)
    if len(sizes) > 1:
        those = tuple(f"{width} × {height}: {count}" for (width, height), count in sizes.most_common())
        yield Finding("note", "sizes", f"images are of {len(sizes)} sizes", those)
    shaped = [image for image in annotations.images if image.shapes]
    turned = sum(len(image.shapes) for image in shaped)
    if turned:
        rotated = choose_geometry(annotations.images, "auto") == "rotated_box"
        kind = "[is a rotated box|are rotated boxes]" if rotated else "[is a polygon|are polygons]"
        total = sum(len(image.boxes) for image in annotations.images)
        said = agreeing(turned, f"of {counted(total, 'object')} {kind}")
        yield Finding("note", "shapes", said + (near_square(shaped) if rotated else ""))


def near_square(images: Iterable[ImageAnnotation]) -> str:
    """Say how many rotated boxes are so nearly square that their angle says little."""
    sides = np.concatenate([sound_sides(image)[list(image.shapes)] for image in images])
    count = int((sides.min(axis=1) >= (1 - SQUARE) * sides.max(axis=1)).sum())
    return f", {count} of them nearly square (sides within {SQUARE:.0%}): their angle says little" if count else ""
