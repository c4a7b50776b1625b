"""CVAT's keypoints: `annotations.xml` with a `skeleton` an individual, a point of it a keypoint.

The format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/, for images. What is `outside` is not labelled,
what is `occluded` is hidden and asked for.
"""

from collections.abc import Iterator
from posixpath import dirname
from xml.etree.ElementTree import Element, ParseError, fromstring

import numpy as np

from recipes.folder.keypoints.found import Found, Individual
from recipes.folder.tree import Tree, parents, split_of


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that hold skeletons."""
    for rel in tree.ending(".xml"):
        content = tree.content(rel)
        if b"<skeleton" in content and b"<annotations" in content:
            yield rel


def read(tree: Tree) -> Found:
    """Read every file of the folder; the names of the keypoints are those of all skeletons, in the order in which they come."""
    found = Found(format="cvat")
    for rel in evidence(tree):
        try:
            root = fromstring(tree.text(rel))
        except ParseError as error:
            found.problem("malformed", rel, str(error))
            continue
        names = list(dict.fromkeys(point.get("label", "") for point in root.iterfind(".//image/skeleton/points")))
        if found.name_keypoints(names, rel) is None:
            continue
        for image in root.iterfind("image"):
            read_image(tree, rel, image, found)
    return found


def read_image(tree: Tree, rel: str, record: Element, found: Found) -> None:
    """Read the individuals of one image."""
    name = record.get("name", "")
    where = f"{rel}, image {name!r}"
    folders = [*dict.fromkeys([dirname(rel), *(f"{folder}/images" for folder in parents(rel)), "images", ""])]
    image = found.locate(tree, name, folders, where)
    if image is None:
        return
    found.images.setdefault(image, [])
    if split := split_of(record.get("subset") or ""):
        found.splits[image] = split
    for number, skeleton in enumerate(record.iterfind("skeleton"), 1):
        add(found, image, skeleton, f"{where}, skeleton {number}")


def add(found: Found, image: str, skeleton: Element, where: str) -> None:
    """Read one individual; a keypoint that it does not have is not labelled."""
    points = np.full((len(found.names), 2), np.nan)
    for point in skeleton.iterfind("points"):
        words = (point.get("points") or "").split(",")
        try:
            x, y = (float(word) for word in words)
        except ValueError:
            found.problem("malformed", where, f"the point {point.get('label')!r} is at {point.get('points')!r}")
            return
        if point.get("outside") != "1":
            points[found.names.index(point.get("label", ""))] = x, y
    found.add(image, Individual(points, np.isfinite(points).all(axis=1), where))
