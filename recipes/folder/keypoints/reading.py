"""From a folder of the user's keypoints to individuals by split."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.bands import align_bands, band_names
from recipes.folder.copies import copies_of, copy_notes
from recipes.folder.floats import refuse_strange_floats
from recipes.folder.heads import head_of
from recipes.folder.image_notes import image_notes
from recipes.folder.keypoints.format import KeypointFormat
from recipes.folder.keypoints.found import Found
from recipes.folder.keypoints.instances import instances_of
from recipes.folder.keypoints.options import KeypointOptions
from recipes.folder.keypoints.places import fit_sizes, misplaced, refuse_shares
from recipes.folder.keypoints.table import FORMATS
from recipes.folder.pixels import blank_notes
from recipes.folder.problems import Problem, refuse, settled_kinds, some, told
from recipes.folder.split import assign
from recipes.folder.tree import Tree
from recipes.folder.value_range import read_range
from recipes.imagery.images import Values
from recipes.keypoints.instance import Instance, inside
from recipes.kit.split import Split
from zoo.errors import ZooError, agreeing
from zoo.pose.skeleton import Skeleton, skeleton_of

#: The least side of a box that is drawn around keypoints, pixels: one keypoint alone has no extent.
BARE = 16.0
#: What becomes of problems that the options pass.
DONE = dict.fromkeys(("orphan", "invisible", "image", "pixel"), "they were left out")


def holds_keypoints(root: Path) -> bool:
    """Say whether a folder holds keypoints."""
    tree = Tree(root)
    return any(speaks(tree, one) for one in FORMATS.values())


def speaks(tree: Tree, one: KeypointFormat) -> bool:
    """Say whether a file of the tree speaks for a format."""
    return any(True for _ in one.evidence(tree))


def read_keypoints(root: Path, options: KeypointOptions, values: Values) -> tuple[Split[Instance], Skeleton]:
    """Read individuals below `root` as train, val and test, and their skeleton; everything wrong with them is a ZooError."""
    tree = Tree(root)
    found = find(tree, options)
    images, problems = judge(tree, found)
    refuse(problems, passed(options))
    refuse_shares(found)
    skeleton = skeleton_of(
        found.names, options.edges or found.edges, options.pairs, options.torso, options.sigmas
    )  # before the split, which takes longer
    if not images:
        raise ZooError(f"data.root={root} has no image with keypoints; `zoo data check` tells what was read")
    refuse_strange_floats(images, values)
    value_range, range_notes = read_range(images, values)
    bands = band_names(images, options.bands, options.band_names)
    assigned, split_notes = divided(images, options)
    box_notes = box_individuals(found)
    instances = {one.name: one for one in instances_of(tree, found) if one.visible.any()}
    parts = {part: of_images(instances, those) for part, those in assigned.items()}
    aligned, band_notes = align_bands(parts, bands, options.bands, options.band_names)
    notes = (
        *found.notes,
        *told(problems, DONE),
        *outside_note(found),
        *unlabelled_note(tree, found),
        *box_notes,
        *range_notes,
        *image_notes(images),
        *split_notes,
        *band_notes,
        *blank_notes(images),
    )
    split = Split(aligned, found.names, bands, notes, options.licence, options.resolution, value_range)
    return split, skeleton  # type: ignore[return-value]  # align_bands gives back what it was given


def find(tree: Tree, options: KeypointOptions) -> Found:
    """Read the format that is named, or the one that speaks for itself; several are refused."""
    if options.format != "auto":
        return named(FORMATS[options.format].read(tree), tree, [options.format])
    speaking = [name for name, one in FORMATS.items() if speaks(tree, one)]
    if len(speaking) > 1:
        raise ZooError(
            f"data.root={tree.root} holds keypoints as {' and as '.join(speaking)}; say data.format={speaking[0]}"
        )
    if not speaking:
        raise ZooError(
            f"data.root={tree.root} holds no keypoints that are known here; these are: COCO's .json, DeepLabCut's .csv and "
            ".h5, Lightning Pose's .csv, CVAT's .xml, and Label Studio's .json"
        )
    return named(FORMATS[speaking[0]].read(tree), tree, speaking)


def named(found: Found, tree: Tree, formats: Sequence[str]) -> Found:
    """Refuse a folder in which no keypoint has a name, and say what is wrong with its files."""
    if not found.names:
        refuse(found.problems)
        raise ZooError(f"data.root={tree.root} names no keypoint as {formats[0]} does")
    return found


def judge(tree: Tree, found: Found) -> tuple[list[ImageAnnotation], list[Problem]]:
    """Return the images that can be read, their individuals in pixels of what is seen, and all that is wrong."""
    images, broken = readable(tree, found)
    fit_sizes(found)
    return images, [*found.problems, *broken, *misplaced(found), *invisible(found)]


def readable(tree: Tree, found: Found) -> tuple[list[ImageAnnotation], list[Problem]]:
    """Return the images with individuals as the splitting of folders knows them, and those that cannot be read.

    What the heads of the others say is kept.
    """
    images, problems = [], []
    nothing = np.zeros((0, 4))
    for rel, those in sorted(found.images.items()):
        seen = head_of(tree, rel)
        if isinstance(seen, Problem):
            problems.append(seen)
            continue
        found.facts[rel] = seen
        if those:
            images.append(
                ImageAnnotation(rel, tree.path(rel), seen, nothing, (), those[0].where, split=found.splits.get(rel))
            )
    return images, problems


def invisible(found: Found) -> list[Problem]:
    """Return the individuals of which no keypoint is visible; what lies outside its image is not."""
    problems = [
        Problem("invisible", one.where, rel)
        for rel, size, one in found.readable()
        if not (one.seen & inside(one.keypoints, size.width, size.height)).any()
    ]
    for problem in problems:
        found.images[problem.what] = [one for one in found.images[problem.what] if one.where != problem.where]
    return problems


def passed(options: KeypointOptions) -> set[str]:
    """Return the kinds of problems that the options say how to settle."""
    return settled_kinds(
        {"orphan": options.orphans, "invisible": options.invalid, "image": options.invalid, "pixel": options.invalid}
    )


def outside_note(found: Found) -> list[str]:
    """Say how many keypoints lie outside their images: they are kept, and asked for nowhere."""
    places = []
    for _, size, one in found.readable():
        outside = one.seen & ~inside(one.keypoints, size.width, size.height)
        places += [f"{found.names[number]} ({one.where})" for number in np.flatnonzero(outside)]
    if not places:
        return []
    said = "[keypoint lies|keypoints lie] outside [its image|their images], and [is|are] kept and not visible"
    return [f"{agreeing(len(places), said)}: {some(places)}"]


def unlabelled_note(tree: Tree, found: Found) -> list[str]:
    """Say which images nobody labelled, or showed nothing to who did."""
    rest = [rel for rel in tree.images if not found.images.get(rel)]
    return (
        [f"{agreeing(len(rest), '[image has|images have] no keypoints and [was|were] left out')}: {some(rest)}"]
        if rest
        else []
    )


def box_individuals(found: Found) -> list[str]:
    """Give individuals that have no box that around their keypoints, where images show several: each is to be cut out."""
    several = any(len(those) > 1 for those in found.images.values())
    bare = [one for _, one in found.every() if one.box is None and one.seen.any()] if several else []
    for one in bare:
        seen = one.keypoints[one.seen]
        low, high = seen.min(axis=0), seen.max(axis=0)
        room = np.maximum(0, BARE - (high - low)) / 2
        (x1, y1), (x2, y2) = (low - room).tolist(), (high + room).tolist()
        one.box = (x1, y1, x2, y2)
    said = "[individual has|individuals have] no box, and the one around [its|their] keypoints is taken, as images show several"
    return [agreeing(len(bare), said)] if bare else []


def divided(
    images: Sequence[ImageAnnotation], options: KeypointOptions
) -> tuple[dict[str, list[ImageAnnotation]], list[str]]:
    """Return the images of each split: as the data name them, else by folder where there are folders enough, else by group.

    Frames of one video are alike; DeepLabCut keeps each video's in a folder of its own, so these stay together.
    """
    folders = {image.path.parent for image in images}
    videos = options.group is None and len(folders) >= 3 and not any(image.split for image in images)
    chosen, copies = replace(options, group="folder") if videos else options, copies_of(images)
    parts, notes = assign(images, chosen, {image.name: () for image in images}, copies)
    if shared := next((splits for splits in parts if len(splits) > 1), None):
        raise ZooError(
            f"{len(parts[shared])} images are too few for {', '.join(shared)}; add images, or name the splits by folders"
        )
    notes += copy_notes(parts, copies)
    told_so = [f"images of one folder stay together, of {len(folders)}; data.group says otherwise"] if videos else []
    warned = ["no group is known: frames of one video may be in several splits, which flatters; see data.group"]
    alone = len(folders) < 3 and options.group is None and not any(image.split for image in images)
    return {splits[0]: those for splits, those in parts.items()}, [*notes, *told_so, *(warned if alone else [])]


def of_images(instances: Mapping[str, Instance], images: Sequence[ImageAnnotation]) -> list[Instance]:
    """Return the individuals in some images."""
    paths = {image.path for image in images}
    return [one for one in instances.values() if one.path in paths]
