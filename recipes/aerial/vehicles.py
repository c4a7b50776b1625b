"""Vehicles from the air: the KIT AIS data set, 65 frames of three streets in Munich with 2,593 boxes, as YOLO text.

Schmidt 2012, "KIT AIS Data Set", CC-BY 3.0, in the boxes of https://github.com/jekhor/aerial-cars-dataset, of which only
these files are read: its other images are under other licences. The frames of one street follow each other by half a
second and show it from nearly the same place, so whole streets are held out: a street in both train and test would
only measure memory. Parked and moving cars are about 35 × 17 pixels. Trucks and cyclists are named and never marked.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import as_split
from recipes.folder.formats.reading import read_annotations
from recipes.folder.tree import Tree
from recipes.imagery.module import DetectionScenes
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from zoo.sources import Source, fetch_files

REPOSITORY = "github://jekhor/aerial-cars-dataset@d2ed927"
#: What the first letters and the frame number in a file name say: the street, and its split.
STREETS = {
    "west": (re.compile(r"MOS1[5-7]\d\."), "train"),
    "crossing": (re.compile(r"MOS[7-9]\d\."), "val"),
    "second": (re.compile(r"MunichStreet02-MOS\d+\."), "test"),
}
LICENCE = "CC-BY-3.0"


class Vehicles(DetectionScenes):
    """Five classes: car, truck, bus, minibus and cyclist; nearly all objects are cars."""

    def sources(self) -> Sequence[Source]:
        """Return the list of classes, and the picture and the labels of every frame."""
        lines = Path(__file__).with_name("vehicles.sha256").read_text(encoding="ascii").splitlines()
        return [Source(f"{REPOSITORY}/{name}", sha256) for sha256, name in (line.split() for line in lines)]

    def read_split(self) -> Split[Scene]:
        """Read the YOLO labels and give each street to its split."""
        folder = fetch_files(self.sources())[0].parent
        found = read_annotations(Tree(folder), "yolo")
        images = [
            replace(image, split=split, group=street)
            for image in found.images
            for street, (pattern, split) in STREETS.items()
            if pattern.match(image.name)
        ]
        ours = {name for image in images for name in (image.name, image.source)}
        problems = tuple(problem for problem in found.problems if problem.where.partition(",")[0] in ours)
        options = FolderOptions(format="yolo", licence=LICENCE)
        split = as_split(replace(found, images=tuple(images), problems=problems, notes=()), options)
        note = (
            "whole streets are held out: train is MOS155 to MOS179, validation MOS74 to MOS93, test MunichStreet02; "
            "frames of a street are half a second apart"
        )
        return replace(split, notes=(note, *split.notes))
