"""`zoo predict RUN IMAGES`: detect in new images of any size, write the boxes as JSON and CSV, and draw them."""

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from zoo.errors import ZooError
from zoo.runs import Run, write_json, written

if TYPE_CHECKING:
    import torch

#: Tiles a batch: enough to keep the cores busy, few enough for any machine.
BATCH = 4
#: Pictures with more pixels than this are not drawn: nobody could open them.
DRAWN = 60_000_000
COLUMNS = ("image", "class", "score", "xmin", "ymin", "xmax", "ymax")


def command(
    run: Annotated[str, typer.Argument(help="a run: its folder, or the end of its name")],
    images: Annotated[Path, typer.Argument(help="an image, or a folder of images")],
    out: Annotated[Path, typer.Option(help="the folder for boxes.json, boxes.csv and the drawings")] = Path(
        "predictions"
    ),
    score: Annotated[float | None, typer.Option(help="least score; default: of the best F1 in validation")] = None,
    draw: Annotated[bool, typer.Option(help="draw the boxes")] = True,
) -> None:
    """Detect objects in new images with the weights of a run.

    Example: `zoo predict runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00 my_images --out found`
    """
    predictor = Predictor(Run.find(run), score)
    paths = list(found(images))
    rows, failures = [], []
    console = Console(highlight=False, soft_wrap=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        for path in bar.track(paths, description="detecting"):
            try:
                rows.append(predictor.predict(path))
            except ZooError as error:
                failures.append(str(error))
    save(out, rows, predictor.classes, draw)
    objects = sum(len(row["boxes"]) for row in rows)
    console.print(
        f"{objects} objects of score ≥ {predictor.score:.2f} in {len(rows)} images: {out}/boxes.json, {out}/boxes.csv"
    )
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def found(images: Path) -> Iterator[Path]:
    """Yield the image, or the images of the folder and below it, sorted."""
    from recipes.imagery.images import SUFFIXES

    if images.is_file():
        yield images
        return
    if not images.is_dir():
        raise ZooError(f"there is no image or folder {str(images)!r}")
    every = sorted(path for path in images.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not every:
        raise ZooError(f"folder {str(images)!r} holds no image; looked for {', '.join(sorted(SUFFIXES))}")
    yield from every


class Predictor:
    """The model of a run with what it needs for images of any size: tiles, merging, threshold."""

    def __init__(self, run: Run, score: float | None) -> None:
        from zoo import hardware

        config = run.config
        if config["task"]["name"] != "detection":
            raise ZooError(
                f"run {run.folder} is for task {config['task']['name']}; zoo predict draws boxes, for task detection"
            )
        if score is not None and not 0 <= score <= 1:
            raise ZooError(f"--score {score} must be between 0 and 1")
        settings = config["trainer"]
        self.hardware = hardware.choose(settings["threads"], settings["workers"], settings["precision"])
        hardware.apply(self.hardware)
        head = run.head()
        self.model, self.classes, self.bands = run.load_model(), head["classes"], head["bands"]
        self.score = run.metrics.get("val/score_at_best_f1", 0.3) if score is None else score
        data = config["data"]
        self.tile, self.overlap = data["tile"], data["overlap"]
        self.value_range = tuple(data["value_range"]) if data.get("value_range") else None
        self.geometry = config["task"]["geometry"]

    def predict(self, path: Path) -> dict[str, Any]:
        """Return the objects of one image: path, width, height, boxes (N, 4) xyxy in pixels, scores, classes, bands."""
        import torch

        from recipes.imagery.images import Values, facts
        from recipes.imagery.scene import Scene
        from recipes.imagery.tiled import Tiles
        from zoo.detection.scene import SceneMerger

        size = facts(path)
        if size.bands != len(self.bands):
            raise ZooError(
                f"image {path} has {size.bands} bands; the run knows {len(self.bands)}: {', '.join(self.bands)}"
            )
        scene = Scene(str(path), path, (0, 0, size.width, size.height))
        tiles = Tiles([scene], self.tile, self.overlap, Values(self.value_range))
        merger = SceneMerger(self.geometry)
        for start in range(0, len(tiles), BATCH):
            samples = [tiles[i] for i in range(start, min(start + BATCH, len(tiles)))]
            for sample, detections in zip(
                samples, self.detect(torch.stack([s["image"] for s in samples])), strict=True
            ):
                merger.add(sample["tile"], detections)
        whole = merger.scenes()[scene.name]
        shown = whole["scores"] >= self.score
        return {
            "image": str(path),
            "width": size.width,
            "height": size.height,
            "boxes": whole["boxes"][shown].tolist(),
            "scores": whole["scores"][shown].tolist(),
            "classes": [self.classes[i] for i in whole["labels"][shown].tolist()],
            "bands": self.bands,
        }

    def detect(self, images: "torch.Tensor") -> Any:
        """Run the model on tiles (B, C, S, S) in the precision of the run."""
        import torch

        low = self.hardware.precision == "bf16-mixed"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            return self.model(images)


def save(out: Path, rows: Sequence[dict[str, Any]], classes: Sequence[str], draw: bool) -> None:
    """Write boxes.json, boxes.csv and, when asked, a drawing for each image."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ZooError(f"cannot make the folder --out {out}: {error.strerror}") from error
    write_json(out / "boxes.json", {"classes": list(classes), "images": list(rows)})
    with written(out / "boxes.csv") as part, part.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for row in rows:
            for box, score, name in zip(row["boxes"], row["scores"], row["classes"], strict=True):
                lines.writerow([row["image"], name, f"{score:.4f}", *(f"{side:.1f}" for side in box)])
    for number, row in enumerate(rows if draw else ()):
        stem = Path(row["image"]).stem
        twins = any(Path(other["image"]).stem == stem for other in rows[:number])
        drawing(out / f"{stem}{f'_{number}' if twins else ''}_found.png", row)


def drawing(target: Path, row: dict[str, Any]) -> None:
    """Draw the objects of one image over it, at its own size, into `target`."""
    from PIL import Image, ImageDraw

    from recipes.imagery import images
    from tasks.plots import LINES

    if row["width"] * row["height"] > DRAWN:
        print(
            f"{row['image']} has more than {DRAWN:,} pixels and is not drawn; its boxes are in boxes.json",
            file=sys.stderr,
        )
        return
    path = Path(row["image"])
    picture = Image.fromarray(images.as_picture(images.read(path), row["bands"]))
    pen = ImageDraw.Draw(picture)
    names = sorted(set(row["classes"]))
    for box, name in zip(row["boxes"], row["classes"], strict=True):
        pen.rectangle(box, outline=LINES[names.index(name) % len(LINES)], width=2)
    picture.save(target)
