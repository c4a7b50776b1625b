"""Which mask belongs to which image: by folders (`images/a.jpg`, `masks/a.png`), by suffix (`a_mask.png`), or as told."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from posixpath import basename, dirname
from typing import NamedTuple

from recipes.folder.problems import Problem, some
from recipes.folder.split_lists import split_lists
from recipes.folder.tree import Tree, key, suffix, without_suffix
from zoo.errors import ZooError, agreeing

#: Folders that hold masks, and those that hold images: what is told apart by nothing else.
MASK_FOLDERS = (
    "masks", "mask", "labels", "label", "annotations", "annotation", "annot", "gt", "groundtruth", "ground_truth", "gtfine",
    "segmentationclass", "segmentation", "segmentations", "seg", "targets",
)  # fmt: skip
IMAGE_FOLDERS = ("images", "image", "imgs", "img", "jpegimages", "leftimg8bit", "inputs", "input", "rgb")
#: Where VOC lists its splits, and the folder of its masks of single objects.
LISTS = "ImageSets/Segmentation"
OBJECTS = "segmentationobject"
#: Endings of names; those of masks tell a mask even beside the images.
MASK_ENDING = re.compile(r"[ _.-](mask|masks|label|labels|gt|seg|segmentation|annot|gtfine_labelids|labelids)$")
IMAGE_ENDING = re.compile(r"[ _.-](image|img|sat|leftimg8bit|rgb)$")
#: Compressed with loss: its values are not those that were drawn, so beside another file it is the image.
LOSSY = (".jpg", ".jpeg")


class Pair(NamedTuple):
    """An image and its mask, paths below the data folder (of a mask that was drawn, its place), and the split they are in."""

    image: str
    mask: str
    split: str | None = None


class Paired(NamedTuple):
    """The pairs by the name of the image, and what has no partner."""

    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def pictures(tree: Tree) -> list[str]:
    """Return the images and masks of a folder, without masks that number single objects beside those of classes."""
    return [rel for rel in tree.images if not {OBJECTS} & set(key(dirname(rel)).split("/"))]


def paired(tree: Tree, pattern: str | None = None) -> Paired:
    """Find the pairs of a folder, by `pattern` (see `MaskOptions.pairs`) or by what folders and files are called.

    Raises ZooError where there is no mask, and where an image has several.
    """
    masks = masks_of(tree, pattern)
    if not masks:
        raise ZooError(
            f"data.root={tree.root} holds {len(tree.images)} images and no mask that can be told from an image; name "
            "folders images/ and masks/, or files a.jpg and a_mask.png, or say which are masks with data.pairs='gt/(.*)_x'"
        )
    taken = set().union(*masks.values())
    images = {rel: key_of_image(rel) for rel in pictures(tree) if rel not in taken}
    found: dict[str, list[str]] = {rel: masks.get(name, []) for rel, name in images.items()}
    if pattern is not None:  # what looks like a mask and is not taken for one is another kind of mask
        found = by_ending([rel for rel in images if key_of_mask(rel) is None] or images, masks)
    return listed(tree, one_each(found, taken))


def one_each(found: Mapping[str, Sequence[str]], masks: Iterable[str]) -> Paired:
    """Return the pairs of images with the masks found for them, and the images and masks without; ZooError for several."""
    several = [f"{rel} ({', '.join(those)})" for rel, those in found.items() if len(those) > 1]
    if several:
        raise ZooError(
            f"{len(several)} images have several masks: {some(several)}; say which to take with data.pairs='masks/(.*)_x'"
        )
    pairs = tuple(Pair(rel, those[0]) for rel, those in sorted(found.items()) if those)
    lonely = [Problem("orphan", mask, "") for mask in sorted(set(masks) - {pair.mask for pair in pairs})]
    bare = [Problem("unmasked", rel, "") for rel, those in sorted(found.items()) if not those]
    return Paired(pairs, (*lonely, *bare))


def listed(tree: Tree, found: Paired) -> Paired:
    """Return the pairs in the splits that lists in `ImageSets/Segmentation` name; what no list names is left out."""
    splits: dict[str, str] = {}
    for rel, split in split_lists(tree, LISTS):
        splits |= {key(name.strip()): split for name in tree.text(rel).splitlines() if name.strip()}
    if not splits:
        return found
    split_of = {rel: splits.get(key(without_suffix(basename(rel)))) for rel in tree.images}
    pairs = tuple(pair._replace(split=split_of[pair.image]) for pair in found.pairs if split_of[pair.image])
    problems = tuple(one for one in found.problems if split_of.get(one.where))
    known = {pair.image for pair in pairs}
    there = {key(without_suffix(basename(rel))) for rel in (*known, *(one.where for one in problems))}
    lost = [Problem("unmasked", f"{name} of {LISTS}", "") for name in sorted(set(splits) - there)]
    unlisted = [pair.image for pair in found.pairs if pair.image not in known]
    said = f"[image is|images are] in no list of {LISTS} and [was|were] left out"
    notes = (f"{agreeing(len(unlisted), said)} ({some(unlisted)})",) if unlisted else ()
    return Paired(pairs, (*problems, *lost), notes)


def masks_of(tree: Tree, pattern: str | None) -> dict[str, list[str]]:
    """Return the masks by the key of their image."""
    found = defaultdict(list)
    for rel in pictures(tree):
        name = key_of_mask(rel) if pattern is None else told(rel, pattern)
        if name is not None:
            found[name].append(rel)
    return dict(found) if found or pattern is not None else beside(pictures(tree))


def told(rel: str, pattern: str) -> str | None:
    """Return the image that the pattern finds in the path of a mask; None where it finds none."""
    match = re.search(pattern, rel)
    return key(without_suffix(match[1]) if suffix(match[1]) in (suffix(rel), *LOSSY) else match[1]) if match else None


def by_ending(images: Iterable[str], masks: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the masks of each image whose path ends in what the pattern found."""
    found = {}
    for rel in images:
        parts = key(without_suffix(rel)).split("/")
        ends = ["/".join(parts[index:]) for index in range(len(parts))]
        found[rel] = next((masks[end] for end in ends if end in masks), [])
    return found


def beside(images: Iterable[str]) -> dict[str, list[str]]:
    """Return the masks of folders that hold `a.jpg` and `a.png`: the one without loss is the mask."""
    by_stem = defaultdict(list)
    for rel in images:
        by_stem[key(without_suffix(rel))].append(rel)
    return {
        stem: [rel for rel in those if suffix(rel) not in LOSSY]
        for stem, those in by_stem.items()
        if len(those) == 2 and sum(suffix(rel) in LOSSY for rel in those) == 1
    }


def key_of_mask(rel: str) -> str | None:
    """Return the key of the image of a mask; None for what is no mask by its folders or its name."""
    folders, stem = key(dirname(rel)).split("/"), key(without_suffix(basename(rel)))
    kept = [bare_folder(folder) for folder in folders]
    shortened = MASK_ENDING.sub("", stem)
    if kept == folders and shortened == stem:
        return None
    return joined(kept, IMAGE_ENDING.sub("", shortened))


def key_of_image(rel: str) -> str:
    """Return the key of an image: its path without suffix and without the words that only say that it is an image."""
    return joined(key(dirname(rel)).split("/"), IMAGE_ENDING.sub("", key(without_suffix(basename(rel)))))


def bare_folder(folder: str) -> str:
    """Return a folder without what says that it holds masks: `masks` and `train_masks`, `trainannot` of CamVid."""
    if folder in MASK_FOLDERS:
        return ""
    for word in MASK_FOLDERS:
        for ending in (f"_{word}", f"-{word}", *((word,) if word == "annot" else ())):
            if folder.endswith(ending):
                return folder.removesuffix(ending)
    return folder


def joined(folders: Iterable[str], stem: str) -> str:
    """Return a key of the folders that say something, and a stem."""
    return "/".join([folder for folder in folders if folder and bare_image(folder)] + [stem])


def bare_image(folder: str) -> str:
    """Return a folder, empty when it only says that it holds images."""
    return "" if folder in IMAGE_FOLDERS else folder
