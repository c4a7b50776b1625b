"""A folder a class, in folders of splits or without, as torchvision's ImageFolder and Kaggle have them."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from recipes.folder.labels.found import Found, Labelled
from recipes.folder.problems import some
from recipes.folder.tree import Tree, hidden
from recipes.kit.split import NAMES
from zoo.errors import agreeing


def read(tree: Tree) -> Found:
    """Take the folder below the root, or below that of a split, as the class of each image."""
    found, nested = Found(), list[str]()
    top = base(tree)
    splits = names_splits(tree, top)
    for rel in tree.images:
        parts = rel.split("/")[len(top) : -1]
        split = NAMES[parts.pop(0).lower()] if splits and parts else None
        if parts:
            found.images[rel] = Labelled((parts[0],), rel, split)
            nested += [rel] if len(parts) > 1 else []
        else:
            found.problem("unlabelled", rel, "it lies in no folder of a class")
    if nested:
        said = "[image lies|images lie] deeper; the folder nearest to the root is [its|their] class"
        found.notes.append(f"{agreeing(len(nested), said)} ({some(nested)})")
    shown = Counter(label for image in found.images.values() for label in image.labels)
    for folder in class_folders(tree, top, splits):
        if not shown[folder.rpartition("/")[2]]:
            found.problem("folder", folder)
    return found


def base(tree: Tree) -> list[str]:
    """Return the folders, one in the other, that hold nothing but one more folder: what archives wrap data in."""
    top: list[str] = []
    while True:
        inside = [rel.split("/")[len(top) :] for rel in tree.images]
        firsts = {parts[0] for parts in inside}
        if len(firsts) != 1 or any(len(parts) <= 2 for parts in inside) or next(iter(firsts)).lower() in NAMES:
            return top
        top.append(firsts.pop())


def names_splits(tree: Tree, top: list[str]) -> bool:
    """Tell whether all folders at the top are named as splits are."""
    folders = {parts[0] for rel in tree.images if len(parts := rel.split("/")[len(top) :]) > 1}
    return bool(folders) and all(name.lower() in NAMES for name in folders)


def class_folders(tree: Tree, top: list[str], splits: bool) -> Iterator[str]:
    """Yield the folders that stand for classes, those without an image too, as paths below the root."""
    root = Path(tree.root, *top)
    for place in children(root) if splits else [root]:
        yield from (folder.relative_to(tree.root).as_posix() for folder in children(place))


def children(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted."""
    return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.is_dir() and not hidden(entry.name))


def holds_classes(tree: Tree) -> bool:
    """Say whether images lie in two folders of classes or more, and none beside them."""
    found = read(tree)
    return len(found.names()) > 1 and not any(problem.kind == "unlabelled" for problem in found.problems)
