"""Writing CVAT's keypoints: `annotations.xml` with the labels of skeletons, their drawing, and the images."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from recipes.folder.formats.format import save, short
from recipes.folder.keypoints.format import KeypointImage
from recipes.folder.keypoints.found import INDIVIDUAL, Found, Individual

#: Units across of the drawing of a skeleton.
CANVAS = 100


def write(images: Sequence[KeypointImage], found: Found, root: Path) -> None:
    """Write the file."""
    top = Element("annotations")
    SubElement(top, "version").text = "1.1"
    add_labels(SubElement(SubElement(SubElement(top, "meta"), "task"), "labels"), found)
    for number, one in enumerate(images):
        size = {"width": str(one.facts.width), "height": str(one.facts.height)}
        subset = {"subset": one.split} if one.split else {}
        facts = {"id": str(number), "name": one.rel.removeprefix("images/"), **subset, **size}
        image = SubElement(top, "image", facts)
        for individual in one.individuals:
            add(image, individual, found.names)
    indent(top)
    save(root / "annotations.xml", tostring(top, encoding="unicode") + "\n")


def add_labels(labels: Element, found: Found) -> None:
    """Add a label for each kind of individual, with its drawing, and one for each of its keypoints."""
    for name in dict.fromkeys(one.label or INDIVIDUAL for _, one in found.every()):
        label = SubElement(labels, "label")
        SubElement(label, "name").text, SubElement(label, "type").text = name, "skeleton"
        SubElement(label, "svg").text = "".join(tostring(shape, encoding="unicode") for shape in drawing(found))
        for part in found.names:
            point = SubElement(labels, "label")
            SubElement(point, "name").text, SubElement(point, "type").text = part, "points"
            SubElement(point, "parent").text = name


def drawing(found: Found) -> Iterator[Element]:
    """Yield the edges of a skeleton, and its keypoints around a circle."""
    turns = np.linspace(0, 2 * np.pi, len(found.names), endpoint=False)
    places = np.stack((np.sin(turns), -np.cos(turns)), axis=1) * 0.4 * CANVAS + CANVAS / 2
    numbers = {name: str(number) for number, name in enumerate(found.names, 1)}
    for first, second in found.edges or []:
        ends = {"data-node-from": numbers[first], "data-node-to": numbers[second]}
        (x1, y1), (x2, y2) = (places[found.names.index(name)].tolist() for name in (first, second))
        line = dict(zip(("x1", "y1", "x2", "y2"), map(short, (x1, y1, x2, y2)), strict=True))
        yield Element("line", {**line, "data-type": "edge", **ends})
    for (name, number), (x, y) in zip(numbers.items(), places.tolist(), strict=True):
        known = {
            "data-type": "element node",
            "data-element-id": number,
            "data-node-id": number,
            "data-label-name": name,
        }
        yield Element("circle", {"r": "1.5", "cx": short(x), "cy": short(y), **known})


def add(image: Element, one: Individual, names: Sequence[str]) -> None:
    """Add an individual; what nobody set is outside."""
    skeleton = SubElement(image, "skeleton", {"label": one.label or INDIVIDUAL, "source": "manual", "z_order": "0"})
    for at, name in enumerate(names):
        x, y = one.keypoints[at].tolist() if one.seen[at] else (0.0, 0.0)
        state = {"outside": str(int(not one.seen[at])), "occluded": str(int(at in one.hidden))}
        SubElement(skeleton, "points", {"label": name, **state, "points": f"{short(x)},{short(y)}"})
    if one.name:
        SubElement(skeleton, "attribute", {"name": INDIVIDUAL}).text = one.name
