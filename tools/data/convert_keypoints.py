"""`zoo data convert` of keypoints: read, what cannot be written left out or refused, written, and told."""

from collections.abc import Callable
from pathlib import Path

from recipes.folder.keypoints.format import KeypointFormat
from recipes.folder.keypoints.found import INDIVIDUAL, Found
from recipes.folder.keypoints.options import KeypointOptions
from recipes.folder.keypoints.reading import find, judge
from recipes.folder.keypoints.writing import SENTENCES, losses, reduced, write_keypoints
from recipes.folder.tree import Tree
from tools.data.converted import Choices, Converted, by_kind, refuse_losses, refuse_unless_skipped
from zoo.errors import ZooError


def convert_keypoints(
    source: Path, target: KeypointFormat, out: Path, choices: Choices, track: Callable = iter
) -> Converted:
    """Read the keypoints of `source`, write them into the new folder `out`, and say what was written."""
    tree = Tree(source)
    found = find(tree, KeypointOptions(format=choices.from_ or "auto"))  # type: ignore[arg-type]  # checked by the caller
    left_out = leave_out(tree, found, choices.on_error)
    lost = losses(found, target)
    refuse_losses(target.name, lost, SENTENCES, choices.lossy)
    written = reduced(found, target)
    write_keypoints(tree, written, target, out, choices.images, track)
    count = sum(1 for _ in written.every())
    told = (*found.notes, *forgotten(found, target))
    return Converted(
        str(out),
        found.format,
        target.name,
        len(written.facts),
        count,
        written.names,
        lost,
        left_out,
        told,
        "individual",
        "keypoints",
    )


def leave_out(tree: Tree, found: Found, on_error: str) -> dict[str, list[str]]:
    """Leave out what cannot be written, and return it by kind; ZooError unless that is wanted."""
    problems = judge(tree, found)[1]
    refuse_unless_skipped(problems, on_error)
    found.images = {image: those for image, those in found.images.items() if image in found.facts}
    if not any(found.images.values()):
        raise ZooError(f"{tree.root} holds no keypoints that can be read; nothing is left to convert")
    return by_kind(problems)


def forgotten(found: Found, target: KeypointFormat) -> list[str]:
    """Return a note on what all individuals are, where a format has no place for it."""
    kinds = {one.label for _, one in found.every()} - {"", INDIVIDUAL}
    return (
        [f"that each is a {kinds.pop()} was not written"] if len(kinds) == 1 and "label" not in target.carries else []
    )
