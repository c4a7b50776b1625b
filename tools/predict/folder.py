"""Objects of images into a folder: boxes.json and boxes.csv, with drawings."""

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.progress import Progress

from recipes.inference.detection import DetectionPredictor
from tools.predict.images import images_in
from tools.predict.options import Options
from tools.predict.vectors import COORDINATES
from zoo.errors import ZooError, clean, counted
from zoo.files import atomic_write, ensure_dir, write_json

#: Pictures with more pixels than this are not drawn: nobody could open them.
DRAWN = 60_000_000
Row = dict[str, Any]


def predict(
    predictor: DetectionPredictor, images: Path, options: Options, bar: Progress
) -> tuple[list[str], list[str]]:
    """Detect in every image and write the folder `options.out`; returns what to say, and what failed."""
    rows, failures = [], []
    for path in bar.track(images_in(images), description="detecting"):
        try:
            rows.append(detected(predictor, path, options))
        except ZooError as error:
            failures.append(str(error))
    save(options.out, rows, predictor.classes, options.draw)
    objects, names = sum(len(row["boxes"]) for row in rows), f"{options.out}/boxes.json, {options.out}/boxes.csv"
    said = f"{counted(objects, 'object')} of score ≥ {predictor.score:.2f} in {counted(len(rows), 'image')}: {names}"
    return [said], failures


def detected(predictor: DetectionPredictor, path: Path, options: Options) -> Row:
    """Return the objects of one image: its path, width, height, boxes (N, D) in pixels, scores, classes, best first."""
    work = predictor.prepare(path, options.tile, options.overlap, options.batch)
    with closing(predictor.answers(work)) as answers:
        found = predictor.finish(work, answers)
    scene = work.source.scene
    return {
        "image": str(path),
        "width": scene.width,
        "height": scene.height,
        "boxes": found.boxes.tolist(),
        "scores": found.scores.tolist(),
        "classes": list(found.labels),
        "bands": list(predictor.bands),
        "places": list(scene.bands) if scene.bands else None,
    }


def save(out: Path, rows: Sequence[Row], classes: Sequence[str], draw: bool) -> None:
    """Write boxes.json, boxes.csv and, when asked, a drawing for each image."""
    ensure_dir(out)
    told = [{key: value for key, value in row.items() if key != "places"} for row in rows]
    write_json(out / "boxes.json", {"classes": list(classes), "images": told})
    with atomic_write(out / "boxes.csv") as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table(rows))
    for number, row in enumerate(rows if draw else ()):
        stem = Path(row["image"]).stem
        twins = any(Path(other["image"]).stem == stem for other in rows[:number])
        drawing(out / f"{stem}{f'_{number}' if twins else ''}_found.png", row)


def table(rows: Sequence[Row]) -> Iterator[Sequence[str]]:
    """Yield the heading and the lines of boxes.csv."""
    size = next((len(box) for row in rows for box in row["boxes"]), 4)
    yield ("image", "class", "score", *COORDINATES[size])
    for row in rows:
        for box, score, name in zip(row["boxes"], row["scores"], row["classes"], strict=True):
            yield (row["image"], name, f"{score:.4f}", *(f"{side:.1f}" for side in box))


def drawing(target: Path, row: Row) -> None:
    """Draw the objects of one image over it, at its own size, into `target`."""
    import numpy as np
    from PIL import Image, ImageDraw

    from recipes.imagery import images
    from tasks.plots import LINES
    from zoo.geometry import box_geometry

    if row["width"] * row["height"] > DRAWN:
        print(
            f"{clean(row['image'])} has more than {DRAWN:,} pixels and is not drawn; its boxes are in boxes.json",
            file=sys.stderr,
        )
        return
    pixels = images.read(Path(row["image"]), bands=tuple(row["places"]) if row["places"] else None)
    picture = Image.fromarray(images.as_picture(pixels, row["bands"]))
    pen = ImageDraw.Draw(picture)
    names = sorted(set(row["classes"]))
    corners = box_geometry.corners(np.array(row["boxes"])) if row["boxes"] else ()
    for ring, name in zip(corners, row["classes"], strict=True):
        pen.polygon([tuple(point) for point in ring], outline=LINES[names.index(name) % len(LINES)], width=2)
    picture.save(target)
