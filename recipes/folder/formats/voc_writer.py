"""Writing Pascal VOC: an XML file an image; rotated boxes as roLabelImg writes them."""

from collections.abc import Sequence
from math import pi, radians
from pathlib import Path
from posixpath import basename, dirname, splitext
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.formats.format import Placed, by_split, save, short
from recipes.folder.formats.text_writer import label_path, list_classes
from recipes.folder.formats.voc import CORNERS, ROTATED, UNSAID
from recipes.folder.shapes import rectangles

ANGLE = 12  # decimals of a radian: a millionth of a pixel in any box


def place(bare: str, split: str | None) -> str:
    """Return `JPEGImages/…`; the split is in `ImageSets/Main`."""
    return f"JPEGImages/{bare}"


def write(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `Annotations`, and `ImageSets/Main` where there are splits."""
    list_classes(root, classes)
    for one in placed:
        tree = annotation(one)
        indent(tree)
        text = tostring(tree, encoding="unicode") + "\n"
        save(root / label_path(one.rel, "JPEGImages", "Annotations", ".xml"), text)
    for split, those in by_split(placed).items():
        if split:
            names = [splitext(one.rel.removeprefix("JPEGImages/"))[0] for one in those]
            save(root / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{name}\n" for name in names))


def annotation(placed: Placed) -> Element:
    """Return the XML of one image."""
    image, root = placed.image, Element("annotation")
    said(root, "folder", dirname(placed.rel))
    said(root, "filename", basename(placed.rel))
    if image.facts is not None:
        size = SubElement(root, "size")
        for name, number in (
            ("width", image.facts.width),
            ("height", image.facts.height),
            ("depth", image.facts.bands),
        ):
            said(size, name, str(number))
    turned = dict(zip(image.shapes, rectangles(list(image.shapes.values())).tolist(), strict=True))
    for index, label in enumerate(image.labels):
        add_object(root, image, index, label, turned.get(index))
    return root


def add_object(root: Element, image: ImageAnnotation, index: int, label: str, turned: list[float] | None) -> None:
    """Add an object: `turned` is its rotated box, centre, width, height and degrees, if it is one."""
    element = SubElement(root, "object")
    if turned:
        said(element, "type", "robndbox")
    said(element, "name", label)
    facts = {**UNSAID, "difficult": str(int(index in image.difficult)), **image.attributes.get(index, {})}
    for name, value in facts.items():
        said(element, name, str(value))
    if turned:
        *box, degrees = turned
        texts = [*map(short, box), short(-radians(degrees) % (2 * pi), ANGLE)]
        names: Sequence[str] = ROTATED
    else:
        texts, names = [*map(short, image.boxes[index])], CORNERS
    outline = SubElement(element, "robndbox" if turned else "bndbox")
    for name, text in zip(names, texts, strict=True):
        said(outline, name, text)


def said(parent: Element, name: str, text: str) -> None:
    """Add an element with a text."""
    SubElement(parent, name).text = text
