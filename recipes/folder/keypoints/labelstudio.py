"""Label Studio's keypoints: a JSON list of tasks, whose results of the type `keypointlabels` are points in per cent.

The format: https://labelstud.io/guide/export, JSON. Points whose `parentID` is that of a rectangle belong to the individual in
it, whose box that is; without one all of an image belong to one individual. `classes.txt` beside is the order of the keypoints,
one a line. Splits come from the folders of the images.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, dirname
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from recipes.folder.keypoints.coco import contents
from recipes.folder.keypoints.found import Found, Individual
from recipes.folder.tree import Tree, parents, split_of_folder

Record = Mapping[str, Any]
#: What Label Studio puts before the name of a file that was uploaded.
UPLOADED = re.compile(r"^[0-9a-f]{8}-")


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that hold points."""
    for rel in tree.ending(".json"):
        if b'"keypointlabels"' in tree.content(rel):
            yield rel


def read(tree: Tree) -> Found:
    """Read every file of the folder; keypoints are in the order of `classes.txt`, else in that of the alphabet."""
    found = Found(format="labelstudio")
    for rel, tasks in contents(tree, evidence(tree), found):
        if not isinstance(tasks, list):
            found.problem("malformed", rel, "it is no list of tasks")
            continue
        names = in_order(tree, {name for task in tasks for one in results(task) for name in labels(one)})
        if found.name_keypoints(names, rel) is None:
            continue
        for number, task in enumerate(tasks, 1):
            read_task(
                tree, rel, task, found, f"{rel}, task {task.get('id', number) if isinstance(task, dict) else number}"
            )
    return found


def in_order(tree: Tree, names: set[str]) -> list[str]:
    """Return the names of keypoints, with those that nobody set, in the order of a list that has all of them."""
    listed = tree.listed_names()
    return listed if set(listed) >= names else sorted(names)


def results(task: Any) -> list[Record]:
    """Return what the last person who finished a task said."""
    done = (
        [one for one in task.get("annotations") or [] if not one.get("was_cancelled")] if isinstance(task, dict) else []
    )
    return [one for one in (done[-1].get("result") or [] if done else []) if isinstance(one, dict)]


def labels(one: Record) -> list[str]:
    """Return the names that a result has as a keypoint."""
    return [str(name) for name in (one.get("value") or {}).get("keypointlabels") or []]


def read_task(tree: Tree, rel: str, task: Any, found: Found, where: str) -> None:
    """Read the individuals of one image."""
    words = (
        [word for word in (task.get("data") or {}).values() if isinstance(word, str)] if isinstance(task, dict) else []
    )
    if not words:
        found.problem("malformed", where, "no image is named in its data")
        return
    folders = [*dict.fromkeys([dirname(rel), *parents(rel), "images", ""])]
    name = file_of(words[0])
    known = tree.image_candidates(name, folders)
    image = known[0] if len(known) == 1 else found.locate(tree, UPLOADED.sub("", name), folders, where)
    if image is None:
        return
    found.images.setdefault(image, [])
    if split := split_of_folder(image):
        found.splits[image] = split
    boxes = {str(one.get("id")): one for one in results(task) if one.get("type") == "rectanglelabels"}
    for parent, points in grouped(task).items():
        add(found, image, points, boxes.get(parent), f"{where}{f', region {parent}' if parent else ''}")


def file_of(word: str) -> str:
    """Return the name of the file that an address or a path names."""
    parts = urlsplit(word)
    queried = re.search(r"(?:^|&)d=([^&]+)", parts.query)
    return basename(unquote(queried[1] if queried else parts.path))


def grouped(task: Any) -> dict[str, list[Record]]:
    """Return the points of each individual by the region that they belong to."""
    found: dict[str, list[Record]] = defaultdict(list)
    for one in results(task):
        if labels(one):
            found[str(one.get("parentID") or "")].append(one)
    return found


def add(found: Found, image: str, points: list[Record], around: Record | None, where: str) -> None:
    """Read one individual, of which each keypoint is there once at most; `around` is the rectangle that it has."""
    placed = np.full((len(found.names), 2), np.nan)
    for one in points:
        name, place = labels(one)[0], pixels(one, ("x", "y"))
        at = found.names.index(name)
        if place is None:
            found.problem("malformed", where, f"the point {name!r} has no place: {json.dumps(one['value'])[:60]}")
            return
        if np.isfinite(placed[at]).all():
            found.problem(
                "keypoints", where, f"{name!r} is there twice; put the points of each individual under a rectangle"
            )
            return
        placed[at] = place
    label = str(next(iter((around or {}).get("value", {}).get("rectanglelabels") or []), ""))
    found.add(image, Individual(placed, np.isfinite(placed).all(axis=1), where, box_of(around), label=label))


def box_of(around: Record | None) -> tuple[float, float, float, float] | None:
    """Return a rectangle in pixels, xyxy; None where there is none that stands upright."""
    place = None if around is None else pixels(around, ("x", "y", "width", "height"))
    if place is None or (around or {}).get("value", {}).get("rotation"):
        return None
    x, y, width, height = place
    return x, y, x + width, y + height


def pixels(one: Record, keys: Sequence[str]) -> list[float] | None:
    """Return values of a region, per cent of the image's sides across and down in turn, in pixels; None where it has none."""
    try:
        sides = [float(one["original_width"]), float(one["original_height"])] * 2
        found = [float(one["value"][key]) / 100 * side for key, side in zip(keys, sides, strict=False)]
    except (KeyError, TypeError, ValueError):
        return None
    return found if np.isfinite(found).all() else None
