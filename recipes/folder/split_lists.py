"""The lists of `ImageSets`: which images are in which split, as VOC and its kin are delivered."""

from collections.abc import Iterator
from posixpath import dirname

from recipes.folder.tree import Tree, key


def split_lists(tree: Tree, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the lists of a folder such as `ImageSets/Main`, and their splits; `trainval` counts where there is no `train`."""
    places = {dirname(rel) for rel in tree.ending(".txt") if key(dirname(rel)).endswith(key(folder))}
    for place in sorted(places):
        found = {name: rel for name in ("train", "val", "test") if (rel := tree.file(f"{place}/{name}.txt"))}
        if "train" not in found and (rel := tree.file(f"{place}/trainval.txt")):
            found["train"] = rel
        yield from ((rel, name) for name, rel in found.items())
