"""Pascal VOC: one XML file an image, its splits as lists of names in `ImageSets/Main`.

The format: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf. Its pixel indices begin at 1; most tools that
write VOC today begin at 0. As torchvision does, coordinates are kept as given, so a true VOC box lies one pixel to the
lower right. LabelImg's layout (XML beside the image) is read too, and roLabelImg's rotated boxes, `robndbox` with cx, cy, w,
h in pixels and an angle in radians, clockwise (https://github.com/cgvict/roLabelImg), and CVAT's `polygon` with x1, y1, ….
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from posixpath import basename, dirname
from posixpath import join as path_join
from xml.etree.ElementTree import Element

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations
from recipes.folder.formats.markup import line, parse
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.numbers import whole
from recipes.folder.split_lists import split_lists
from recipes.folder.tree import Tree, join, key, split_of_folder, without_suffix
from zoo.errors import ZooError

FOLDER = "Annotations"
CORNERS = ("xmin", "ymin", "xmax", "ymax")
ROTATED = ("cx", "cy", "w", "h", "angle")
#: What every tool writes of an object, and what it says when nobody said anything.
UNSAID = {"pose": "Unspecified", "truncated": "0", "occluded": "0", "difficult": "0"}
#: Elements of an object that are read for themselves.
OWN = {"name", "type", "bndbox", "robndbox", "polygon", "difficult"}


def read(tree: Tree) -> Annotations:
    """Read a folder of VOC annotations; classes as `classes.txt` lists them, else in alphabetical order."""
    builder = AnnotationBuilder(tree, place="line")
    reader = _Reader(builder)
    lists = list(split_lists(tree, "ImageSets/Main"))
    for listed in lists:
        reader.listed(*listed)
    if not lists:
        reader.all()
    reader.note_left_out()
    return builder.finish([*builder.tree.listed_names(), *builder.names()])


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    return (rel for rel in tree.ending(".xml") if re.search(rb"<annotation[\s>]", tree.head(rel)))


class _Reader:
    def __init__(self, builder: AnnotationBuilder) -> None:
        self.builder, self.tree = builder, builder.tree
        self.foreign: list[str] = []

    def listed(self, list_file: str, split: str) -> None:
        """Read the images that a list of a split names."""
        base = dirname(dirname(dirname(list_file)))
        for number, text in enumerate(self.tree.text(list_file).splitlines(), 1):
            if name := text.strip():
                self._listed_image(base, name, split, f"{list_file}, line {number}")

    def _listed_image(self, base: str, name: str, split: str, where: str) -> None:
        image = self.builder.locate(name, [path_join(base, "JPEGImages"), path_join(base, "images"), base], where, base)
        place = join(path_join(base, FOLDER), name + ".xml")
        xml = place and self.tree.file(place)
        if image is None:
            return
        again = image in self.builder.entries and self.builder.entries[image].split == split
        entry = self.builder.entry(image, split, xml or where)
        if xml and not again:
            self._fill(entry, xml, self._root(xml))

    def all(self) -> None:
        """Read every XML file, and take the images without one as images without objects."""
        for xml in self.tree.ending(".xml"):
            root = self._root(xml)
            if root is not None and (image := self._image(xml, root)):
                self._fill(self.builder.entry(image, split_of_folder(image), xml), xml, root)
        for image in pictures(self.tree):
            if image not in self.builder.entries:
                self.builder.entry(image, split_of_folder(image))

    def note_left_out(self) -> None:
        """Add the notes on what was left out or stands out."""
        self.builder.note(
            "XML [file is|files are] no VOC [annotation|annotations] and [was|were] left out", self.foreign
        )
        unlisted = [image for image in pictures(self.tree) if image not in self.builder.entries]
        self.builder.note("[image is|images are] in no list of ImageSets/Main and [was|were] left out", unlisted)

    def _root(self, xml: str) -> Element | None:
        try:
            root = parse(self.tree.content(xml), xml)
        except ZooError as error:
            self.builder.malformed(error)
            return None
        if root.tag != "annotation":
            self.foreign.append(xml)
            return None
        return root

    def _image(self, xml: str, root: Element) -> str | None:
        folders = [dirname(xml), *swapped(dirname(xml))]
        stem = without_suffix(basename(xml))
        named = text_of(root, "filename") or stem
        candidates = self.tree.image_candidates
        renamed = not candidates(named, folders) and candidates(stem, folders) and join(dirname(xml), named) is not None
        return self.builder.locate(stem if renamed else named, folders, xml, dirname(xml))

    def _fill(self, entry: ImageBuilder, xml: str, root: Element | None) -> None:
        if root is None:
            return
        if entry.boxes:
            self.builder.problem("malformed", xml, f"describes the same image as {entry.source}")
            return
        entry.size = size(root)
        for number, element in enumerate(root.iter("object"), 1):
            self._object(entry, element, f"{xml}, line {line(element)} (object {number})")

    def _object(self, entry: ImageBuilder, element: Element, where: str) -> None:
        label, place = text_of(element, "name"), (where, line(element))
        shape = next((found for kind in SHAPES if (found := element.find(kind)) is not None), None)
        if shape is None:
            self.builder.problem("malformed", where, "no <bndbox>")
            return
        if SHAPES[shape.tag](self.builder, entry, shape, label, place):
            said = {
                child.tag: (child.text or "").strip() for child in element if child.tag not in OWN and not len(child)
            }
            attributes = {name: text for name, text in said.items() if text != UNSAID.get(name, "")}
            entry.describe(text_of(element, "difficult") == "1", attributes)


def add_box(
    builder: AnnotationBuilder, entry: ImageBuilder, element: Element, label: str, place: tuple[str, int]
) -> bool:
    """Add a `bndbox`."""
    return builder.add(entry, {f"<{corner}>": text_of(element, corner) for corner in CORNERS}, label, place)


def add_rotated(
    builder: AnnotationBuilder, entry: ImageBuilder, element: Element, label: str, place: tuple[str, int]
) -> bool:
    """Add a `robndbox`."""
    return builder.add_rotated(entry, {f"<{name}>": text_of(element, name) for name in ROTATED}, label, place, RADIANS)


def add_polygon(
    builder: AnnotationBuilder, entry: ImageBuilder, element: Element, label: str, place: tuple[str, int]
) -> bool:
    """Add a `polygon`: x1, y1, x2, y2, … in the order of their numbers."""
    numbers = sorted({int(child.tag[1:]) for child in element if child.tag[:1] in "xy" and child.tag[1:].isdecimal()})
    texts = {f"<{axis}{number}>": text_of(element, f"{axis}{number}") for number in numbers for axis in "xy"}
    return builder.add_polygon(entry, texts, label, place)


#: From roLabelImg's angle to ours: degrees, counter-clockwise.
RADIANS = -180 / math.pi
#: How each kind of shape is added; of several in one object the first in this order counts.
SHAPES = {"robndbox": add_rotated, "polygon": add_polygon, "bndbox": add_box}


def text_of(element: Element, path: str) -> str:
    """Return the text of an element below `element`; "" when it is not there."""
    return (element.findtext(path) or "").strip()


def pictures(tree: Tree) -> list[str]:
    """Return the images of the data: those in `JPEGImages` folders where there are any (masks lie beside them), else all."""
    own = [rel for rel in tree.images if "jpegimages" in key(dirname(rel)).split("/")]
    return own or list(tree.images)


@cache
def swapped(folder: str) -> list[str]:
    """Return where the images to a folder of annotations lie: `Annotations` replaced by its usual neighbours."""
    parts = folder.split("/")
    at = [index for index, part in enumerate(parts) if key(part) in ("annotations", "xml", "xmls", "labels")]
    if not at:
        return []
    places = [[*parts[: at[-1]], name, *parts[at[-1] + 1 :]] for name in ("JPEGImages", "images", "")]
    return ["/".join(filter(None, place)) for place in places]


def size(root: Element) -> tuple[int, int] | None:
    """Return width and height as the file states them; None when it does not (some tools write 0)."""
    texts = [text_of(root, f"size/{side}") for side in ("width", "height")]
    width, height = (whole(text) for text in texts)
    return (width, height) if width and height else None
