"""CVAT's keypoints: `annotations.xml` with a `skeleton` an individual, a point of it a keypoint.

The format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/, for images. What is `outside` is not labelled,
what is `occluded` is hidden and asked for. The drawing of a skeleton among the labels tells its edges; an attribute
`individual` of one is its name.
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
        if found.edges is None:
            found.edges = list(edges(root)) or None
        for image in root.iterfind("image"):
            read_image(tree, rel, image, found)
    return found


def edges(root: Element) -> Iterator[tuple[str, str]]:
    """Yield the edges that the drawings of skeletons show, by the names of the keypoints at their ends.

    A drawing that cannot be read, or a line to nothing, tells none: it is how a person sees it, and no label.
    """
    for drawn in root.iterfind(".//labels/label/svg"):
        try:
            shapes = list(fromstring(f"<svg>{drawn.text or ''}</svg>"))
        except ParseError:
            continue
        ends = {one.get("data-node-id"): one.get("data-label-name") for one in shapes if one.tag == "circle"}
        for line in (one for one in shapes if one.tag == "line"):
            first, second = (ends.get(line.get(f"data-node-{end}")) for end in ("from", "to"))
            if first and second:
                yield first, second


def read_image(tree: Tree, rel: str, record: Element, found: Found) -> None:
    """Read the individuals of one image."""
    name = record.get("name", "")
    where = f"{rel}, image {name!r}"
    folders = [*dict.fromkeys([dirname(rel), *(f"{folder}/images" for folder in parents(rel)), "images", ""])]
    image = found.locate(tree, name, folders, where)
    if image is None:
        return
    found.images.setdefault(image, [])
    found.declare(image, record.get("width"), record.get("height"))
    if split := split_of(record.get("subset") or ""):
        found.splits[image] = split
    for number, skeleton in enumerate(record.iterfind("skeleton"), 1):
        add(found, image, skeleton, f"{where}, skeleton {number}")


def add(found: Found, image: str, skeleton: Element, where: str) -> None:
    """Read one individual; a keypoint that it does not have is not labelled."""
    points, hidden = np.full((len(found.names), 2), np.nan), set()
    for point in skeleton.iterfind("points"):
        words = (point.get("points") or "").split(",")
        try:
            x, y = (float(word) for word in words)
            whole = bool(np.isfinite((x, y)).all())
        except ValueError:
            whole = False
        if not whole:
            found.problem("malformed", where, f"the point {point.get('label')!r} is at {point.get('points')!r}")
            return
        at = found.names.index(point.get("label", ""))
        if point.get("outside") != "1":
            points[at] = x, y
            hidden |= {at} if point.get("occluded") == "1" else set()
    seen, label = np.isfinite(points).all(axis=1), skeleton.get("label", "")
    name = skeleton.findtext("attribute[@name='individual']", "")
    found.add(image, Individual(points, seen, where, hidden=frozenset(hidden), label=label, name=name))
