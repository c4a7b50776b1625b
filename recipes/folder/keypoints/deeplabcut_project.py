"""DeepLabCut's projects: `config.yaml` with the names of the keypoints and the skeleton, read as texts and lists alone."""

from posixpath import basename
from typing import Any

import yaml

from recipes.folder.keypoints.found import Found
from recipes.folder.tree import Tree, parents

FILE = "config.yaml"


def add_project(tree: Tree, tables: list[str], found: Found) -> None:
    """Take the edges of the project in which the first table lies; one that leads to no keypoint is a problem."""
    above = [*(parents(tables[0]) if tables else []), ""]
    rel = next((place for folder in above if (place := f"{folder}/{FILE}".lstrip("/")) in tree.files), None)
    content = None if rel is None else loaded(tree, rel, found)
    if rel is None or not isinstance(content, dict) or "bodyparts" not in content:
        return
    edges = content.get("skeleton")
    for edge in edges if isinstance(edges, list) else []:
        if not isinstance(edge, list) or len(edge) != 2 or not set(map(str, edge)) <= set(found.names):
            found.problem("skeleton", rel, f"the edge {edge} leads to none of the keypoints {', '.join(found.names)}")
        else:
            found.edges = [*(found.edges or []), (str(edge[0]), str(edge[1]))]


def loaded(tree: Tree, rel: str, found: Found) -> Any:
    """Return what a file says, in texts, lists and mappings; None and a problem where it is no YAML."""
    try:
        return yaml.load(tree.text(rel), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        found.problem("malformed", rel, f"{basename(rel)} is no YAML: {' '.join(str(error).split())[:120]}")
        return None
