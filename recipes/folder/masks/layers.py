"""Masks of which each file shows one class: `a_road.png`, `masks/road/a.png`, and what Label Studio exports."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from posixpath import basename

import numpy as np

from recipes.folder.mask_pairs import Pair, key_of_image, key_of_mask, pictures
from recipes.folder.masks.drawn import Drawn, cached, class_numbers
from recipes.folder.masks.legend import Legend
from recipes.folder.masks.survey import codes
from recipes.folder.problems import Problem, some
from recipes.folder.tree import Tree, key, split_of, without_suffix
from recipes.imagery.images import facts
from recipes.imagery.writing import write_raster
from zoo.errors import ZooError, agreeing

#: What Label Studio calls the PNG of a class.
LABEL_STUDIO = re.compile(r"task-(\d+)-annotation-\d+(?:-by-.+?)?-tag-(.+)-\d+$")
UPLOADED = re.compile(r"^[0-9a-f]{8}-")


def draw_layers(tree: Tree) -> Drawn | None:
    """Lay masks of single classes over each other: `a_road.png`, `masks/road/a.png`, or Label Studio's; None without any."""
    layers = layers_of(tree)
    if not layers:
        return None
    numbers = class_numbers(sorted({name for those in layers.values() for _, name in those}))
    pairs, overlapping = [], []
    for image, those in sorted(layers.items()):
        stamps = [(rel, name, tree.path(rel).stat().st_mtime_ns, tree.path(rel).stat().st_size) for rel, name in those]
        path = cached("layers", image, tree.path(image), numbers, repr(stamps))
        seen = facts(tree.path(image))
        mask = np.zeros((seen.height, seen.width), np.uint8)
        for rel, name in those:
            inside = codes(tree.path(rel), False)[0] > 0
            if inside.shape != mask.shape:
                size = f"{inside.shape[1]} × {inside.shape[0]} pixels, and {image} has {seen.width} × {seen.height}"
                raise ZooError(f"mask {rel} has {size}; save it in the size of its image")
            if (mask[inside] > 0).any():
                overlapping.append(image)
            mask[inside] = numbers[name]
        write_raster(path, mask[None])
        pairs.append(Pair(image, str(path)))
    notes = [f"masks are a file a class ({', '.join(list(numbers)[1:])}) and were laid over each other"]
    if overlapping:
        names = list(dict.fromkeys(overlapping))
        over = "[image has|images have] pixels of several classes: the last by name is on top"
        notes.append(f"{agreeing(len(names), over)} ({some(names)})")
    bare = [Problem("unmasked", rel, "") for rel in images_of(tree) if rel not in layers]
    return Drawn(tuple(pairs), Legend(numbers, False, "masks"), tuple(bare), tuple(notes))


def images_of(tree: Tree) -> list[str]:
    """Return the pictures that are no masks by their folders or their names."""
    return [rel for rel in pictures(tree) if not is_layer(rel)]


def is_layer(rel: str) -> bool:
    """Say whether a picture is a mask by its folder or its name."""
    return LABEL_STUDIO.search(without_suffix(basename(rel))) is not None or key_of_mask(rel) is not None


def layers_of(tree: Tree) -> dict[str, list[tuple[str, str]]]:
    """Return the masks of each image with their class; none where one of them goes with no image."""
    images = {key_of_image(rel): rel for rel in images_of(tree)}
    tasks = label_studio_images(tree, images)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for rel in (rel for rel in pictures(tree) if is_layer(rel)):
        exported = LABEL_STUDIO.search(without_suffix(basename(rel)))
        image, name = (tasks.get(exported[1]), exported[2]) if exported else class_of(rel, images)
        if image is None:
            return {}
        found[image].append((rel, name))
    return {image: sorted(those, key=lambda one: one[1]) for image, those in found.items()}


def class_of(rel: str, images: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the image of a mask and the class that its folder or the end of its name says; None for no image."""
    parts = (key_of_mask(rel) or "").split("/")
    for index, part in enumerate(parts[:-1]):
        image = images.get("/".join([*parts[:index], *parts[index + 1 :]]))
        if image and split_of(part) is None:
            return image, part
    for found in reversed(list(re.finditer(r"[_\-. ]", parts[-1]))):
        image = images.get("/".join([*parts[:-1], parts[-1][: found.start()]]))
        if image:
            return image, parts[-1][found.end() :]
    return None, ""


def label_studio_images(tree: Tree, images: Mapping[str, str]) -> dict[str, str]:
    """Return the image of each task: as a JSON export beside says, else the image whose name is its number."""
    by_name = {key(UPLOADED.sub("", basename(rel))): rel for rel in images.values()}
    found = {match[1]: rel for rel in images.values() if (match := re.fullmatch(r"(?:task[-_])?0*(\d+)", stem_of(rel)))}
    for rel in tree.ending(".json"):
        try:
            tasks = json.loads(tree.text(rel))
        except (ZooError, ValueError):
            continue  # what is no JSON is no export
        for task in tasks if isinstance(tasks, list) else []:
            data = task.get("data", task) if isinstance(task, dict) else {}
            name = data.get("image") if isinstance(data, dict) else None
            if isinstance(name, str) and "id" in task:
                image = by_name.get(key(UPLOADED.sub("", basename(name))))
                found |= {str(task["id"]): image} if image else {}
    return found


def stem_of(rel: str) -> str:
    """Return the name of a file without folder and suffix, whatever its case."""
    return key(without_suffix(basename(rel)))
