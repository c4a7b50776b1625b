"""COCO's keypoints: JSON files whose categories name keypoints, and annotations that have x, y, v for each.

The format: https://cocodataset.org/#format-data, of keypoints. v is 0 for what is not labelled, 1 for what is hidden and 2 for
what is seen; hidden ones are asked for too, as COCO does. `skeleton` joins keypoints by their numbers from 1 on. A key
`individual` of an annotation, which COCO does not know, is its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import dirname
from typing import Any, NamedTuple

import numpy as np

from recipes.folder.formats.coco import coordinates, image_folders, load, xywh_to_xyxy
from recipes.folder.keypoints.found import Found, Individual
from recipes.folder.tree import Tree, split_of
from zoo.errors import ZooError

Record = Mapping[str, Any]
#: What v says of a keypoint that is labelled where something hides it, and of one that is seen.
HIDDEN, SEEN = 1, 2


class Category(NamedTuple):
    """What its individuals are called, and where each known keypoint stands in theirs."""

    label: str
    order: Sequence[int]


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak of keypoints."""
    for rel in tree.ending(".json"):
        text = tree.content(rel)
        if b'"keypoints"' in text and b'"annotations"' in text and b'"images"' in text:
            yield rel


def read(tree: Tree) -> Found:
    """Read every file of the folder."""
    found = Found(format="coco")
    for rel, content in contents(tree, evidence(tree), found):
        read_file(tree, rel, content, found)
    return found


def contents(tree: Tree, rels: Iterable[str], found: Found) -> Iterator[tuple[str, Any]]:
    """Yield what files of JSON hold; one that is none is a problem."""
    for rel in rels:
        try:
            content = load(tree, rel)
        except ZooError as error:
            found.problem("malformed", str(error))
            continue
        yield rel, content


def read_file(tree: Tree, rel: str, content: Any, found: Found) -> None:
    """Read one file; a category without keypoints, and its annotations, are left out."""
    categories = {record.get("id"): category(record, rel, found) for record in records(content, "categories")}
    images: dict[Any, str | None] = {}
    for record in records(content, "images"):
        where, name = f"{rel}, image {record.get('id')!r}", str(record.get("file_name") or "")
        image = found.locate(tree, name, [*image_folders(tree, rel), dirname(rel)], where)
        images[record.get("id")] = image
        if image is not None:
            found.images.setdefault(image, [])
            found.declare(image, record.get("width"), record.get("height"))
            if split := split_of(rel):
                found.splits[image] = split
    for record in records(content, "annotations"):
        where = f"{rel}, annotation {record.get('id')!r}"
        if not record.get("keypoints"):
            continue
        if record.get("category_id") not in categories:
            found.problem("malformed", where, f"category_id {record.get('category_id')!r} is not in 'categories'")
        elif (known := categories[record["category_id"]]) is None:
            continue
        elif record.get("image_id") not in images:
            found.problem("orphan", where, f"image_id {record.get('image_id')!r} is not in 'images'")
        elif (image := images[record["image_id"]]) is not None:
            add(found, image, record, known, where)


def records(content: Any, table: str) -> list[Record]:
    """Return the records of a table, none where it is not there."""
    rows = content.get(table) if isinstance(content, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def category(record: Record, rel: str, found: Found) -> Category | None:
    """Return a category, None where it has no keypoints; the edges of the first are those of all."""
    names = record.get("keypoints")
    if not isinstance(names, list) or not names:
        return None
    where = f"{rel}, category {record.get('name')!r}"
    order = found.name_keypoints([str(name) for name in names], where)
    if order is not None and found.edges is None and isinstance(record.get("skeleton"), list):
        found.edges = list(edges(record["skeleton"], names, where, found))
    return None if order is None else Category(str(record.get("name") or ""), order)


def edges(skeleton: Sequence[Any], names: Sequence[str], where: str, found: Found) -> Iterator[tuple[str, str]]:
    """Yield the edges of a skeleton by name; one that leads to no keypoint is a problem."""
    for edge in skeleton:
        whole = isinstance(edge, list) and len(edge) == 2 and all(type(end) is int for end in edge)
        if not whole or not all(1 <= end <= len(names) for end in edge):
            found.problem("skeleton", where, f"the edge {edge} leads to none of its {len(names)} keypoints")
        else:
            yield str(names[edge[0] - 1]), str(names[edge[1] - 1])


def add(found: Found, image: str, record: Record, category: Category, where: str) -> None:
    """Read one individual; another number of keypoints than its category has is a problem."""
    values, order = coordinates(record["keypoints"]), list(category.order)
    if len(values) != 3 * len(order) or not np.isfinite(values).all():
        found.problem(
            "keypoints",
            where,
            f"{len(record['keypoints'])} numbers, not 3 finite ones for each of {len(order)} keypoints",
        )
        return
    points = np.array(values).reshape(-1, 3)[order]
    if strange := sorted(set(points[:, 2].tolist()) - {0, 1, 2}):
        found.problem("malformed", where, f"visibility {strange[0]:g} of a keypoint is none of 0, 1 and 2")
        return
    seen, hidden = points[:, 2] > 0, frozenset(np.flatnonzero(points[:, 2] == HIDDEN).tolist())
    box, area = xywh_to_xyxy(coordinates(record.get("bbox"))), record.get("area")
    placed = np.where(seen[:, None], points[:, :2], np.nan)
    size = float(area) if isinstance(area, int | float) and area > 0 else None
    name = str(record.get("individual") or "")
    found.add(image, Individual(placed, seen, where, box, size, hidden, category.label, name))
