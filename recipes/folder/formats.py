"""Which format a folder of annotations is in, and the reader for it."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from recipes.folder import coco, csv, dota, geojson, voc, yolo
from recipes.folder.annotations import Annotations
from recipes.folder.masks.pairs import masks_of
from recipes.folder.problems import SHOWN
from recipes.folder.tree import Tree
from zoo.errors import ZooError, near

READERS: dict[str, Callable[[Path], Annotations]] = {
    "voc": voc.read,
    "coco": coco.read,
    "yolo": yolo.read,
    "csv": csv.read,
    "dota": dota.read,
    "geojson": geojson.read,
}
LOOKED_FOR = {
    "voc": "XML files with <annotation>",
    "coco": "JSON files with images, annotations and categories",
    "yolo": "a data.yaml with names, or .txt labels beside the images or in labels/",
    "csv": "a CSV file with image_path, xmin, ymin, xmax, ymax and label",
    "dota": "text files of x1 y1 x2 y2 x3 y3 x4 y4 class difficult, in labelTxt/ or beside the images",
    "geojson": "GeoJSON files of polygons, beside the images, in labels/, or one for all",
}
HEAD = 16384  # bytes of a file that tell what it is


def detect_format(root: Path) -> str:
    """Return the name of the format; a folder with none or several of them is an error that lists what was found."""
    tree = Tree(root)
    if not tree.files:
        raise ZooError(f"data.root={root} is empty; put images and annotations ({', '.join(READERS)}) into it")
    found = {name: files for name, files in evidence(tree).items() if files}
    if len(found) == 1:
        return next(iter(found))
    if found:
        those = " and ".join(f"{name} ({', '.join(files)})" for name, files in found.items())
        raise ZooError(f"data.root={root} holds annotations as {those}; choose with data.format={'|'.join(found)}")
    looked = "; ".join(f"{name}: {what}" for name, what in LOOKED_FOR.items())
    kinds = ", ".join(sorted({Path(rel).suffix.lower() or Path(rel).name for rel in tree.files})[:8])
    masks = "; it holds masks, for which say task=segmentation" if masks_of(tree, None) else ""
    raise ZooError(
        f"data.root={root} holds {len(tree.files)} files ({kinds}) and no annotations in a known format{masks}; looked for "
        f"{looked}"
    )


def read_annotations(root: Path, format: str | None) -> Annotations:
    """Read a folder in the format named, or in the one that it is found to be in."""
    if format is not None and format not in READERS:
        names = ", ".join(READERS)
        raise ZooError(f"data.format={format} is not known{near(format, READERS)}; known: {names}")
    return READERS[format or detect_format(root)](root)


def evidence(tree: Tree) -> dict[str, list[str]]:
    """Return the first few files that speak for each format."""
    tests: dict[str, Iterator[str]] = {
        "voc": (rel for rel in tree.ending(".xml") if b"<annotation" in tree.content(rel, HEAD)),
        "coco": (rel for rel in tree.ending(".json") if is_coco(tree.content(rel, HEAD))),
        "yolo": yolo.evidence(tree),
        "csv": (rel for rel in tree.ending(".csv") if csv.has_boxes(tree, rel)),
        "dota": dota.evidence(tree),
        "geojson": (rel for rel in tree.ending(".geojson", ".json") if geojson.is_geojson(tree.content(rel, HEAD))),
    }
    return {name: list(islice(files, SHOWN)) for name, files in tests.items()}


def is_coco(start: bytes) -> bool:
    """Say whether the beginning of a JSON file is that of a table of images; which of the tables is first is free."""
    tables = [b'"images"', b'"annotations"', b'"categories"']
    return any(table in start for table in tables) and b'"FeatureCollection"' not in start
