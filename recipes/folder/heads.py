"""What the heads of a folder's images say, or what is wrong with an image that can be seen there."""

from recipes.folder.problems import Problem
from recipes.folder.tree import Tree
from recipes.imagery.images import ImageFacts, facts
from zoo.errors import ZooError


def head_of(tree: Tree, rel: str) -> ImageFacts | Problem:
    """Return what the head of an image says; a problem where it cannot be read, or is of one pixel."""
    try:
        seen = facts(tree.path(rel))
    except ZooError as error:
        return Problem("image", rel, str(error))
    return Problem("pixel", rel, "") if max(seen.width, seen.height) < 2 else seen
