"""Train, val and test: as the data say, else drawn by group from a seed."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from posixpath import basename, dirname
from types import MappingProxyType

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.copies import Assigned, settle_copies
from recipes.folder.options import ReadingOptions
from recipes.folder.problems import some
from recipes.kit.split import SPLITS
from zoo.errors import ZooError, agreeing, counted


def assign(
    images: Sequence[ImageAnnotation],
    options: ReadingOptions,
    shown: Mapping[str, Collection[Hashable]] | None = None,
    copies: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Assigned, list[str]]:
    """Return the images of each split, and notes on what was decided.

    The format's own splits hold. What is missing of val and test is cut from train. Without any, groups are drawn in the
    shares of `data.ratios`; each class is left in train, if it can be. `shown` are the classes of each image by its name,
    None for those of its objects. `copies` name for an image the first of those that are byte for byte the same: they are drawn
    together, and settled where they are in several splits. Fewer images than splits are marked to be cut in regions.
    """
    named = {split: [image for image in images if image.split == split] for split in SPLITS}
    groups = groups_of(images, options, copies)
    shown = {image.name: set(image.labels) for image in images} if shown is None else shown
    if any(named.values()):
        parts, notes = completed(named, groups, options, shown)
        unnamed = [image.name for image in images if image.split is None]
        left_out = agreeing(len(unnamed), "[image is|images are] in no split and [was|were] left out")
        notes += [f"{left_out} ({some(unnamed)})"] if unnamed else []
    else:
        parts, notes = draw(images, groups, SPLITS, options, shown)
    refuse_leaks(parts, {image.name: group_of(image, options.group) for image in images})
    parts, leaks = settle_copies(parts, copies, options.leakage)
    return parts, [*notes, *leaks]


def groups_of(images: Sequence[ImageAnnotation], options: ReadingOptions, copies: Mapping[str, str]) -> dict[str, str]:
    """Return what each image must stay together with, by name: as the user or the data say it, and groups that share copies."""
    groups = {image.name: group_of(image, options.group) for image in images}
    joined: dict[str, str] = {}
    for name, original in copies.items():
        one, other = last(joined, groups[name]), last(joined, groups[original])
        if one != other:
            joined[one] = other
    return {name: last(joined, group) for name, group in groups.items()}


def last(joined: Mapping[str, str], group: str) -> str:
    """Return the group that a group was joined to in the end."""
    while group in joined:
        group = joined[group]
    return group


def completed(
    named: Mapping[str, list[ImageAnnotation]],
    groups: Mapping[str, str],
    options: ReadingOptions,
    shown: Mapping[str, Collection[Hashable]],
) -> tuple[Assigned, list[str]]:
    """Return the splits that the data name, with what is missing of val and test drawn from train."""
    given, missing = ([split for split in SPLITS if bool(named[split]) is there] for there in (True, False))
    if "train" in missing:
        raise ZooError(
            f"the data name {' and '.join(given)} and no train; name the split of the training images 'train'"
        )
    parts: Assigned = {(split,): named[split] for split in given}
    if not missing:
        return parts, []
    drawn, notes = draw(named["train"], groups, ["train", *missing], options, shown)
    del parts["train",]
    return parts | drawn, notes


def group_of(image: ImageAnnotation, group: str | None) -> str:
    """Return what the image must stay together with; the image alone when nothing says so."""
    if group == "folder":
        return dirname(image.name) or "."
    if group is None:
        return image.name if image.group is None else image.group
    found = re.search(group, basename(image.name))
    if found is None or found[1] is None:
        raise ZooError(
            f"data.group={group} finds no group in the file name {basename(image.name)!r}; widen the pattern"
        )
    return found[1]


def draw(
    images: Sequence[ImageAnnotation],
    groups: Mapping[str, str],
    splits: Sequence[str],
    options: ReadingOptions,
    shown: Mapping[str, Collection[Hashable]],
) -> tuple[Assigned, list[str]]:
    """Draw whole groups for `splits` in the shares of `data.ratios`, or mark a few images to be cut in regions."""
    members = defaultdict(list)
    for image in sorted(images, key=lambda image: image.name):
        members[groups[image.name]].append(image)
    if len(members) < len(splits):
        if len(members) < len(images):
            raise ZooError(
                f"{len(images)} images are in {counted(len(members), 'group')} ({some(sorted(members))}), too few for "
                f"{', '.join(splits)}; images that are copies of one are one group: add others, make smaller groups with "
                "data.group, or name the splits in the data"
            )
        return {tuple(splits): list(images)}, []
    shares = dict(zip(SPLITS, options.ratios, strict=True))
    drawn = portion(
        {name: len(those) for name, those in members.items()},
        {split: shares[split] for split in splits},
        options.split_seed,
    )
    classes = {name: {label for image in those for label in shown[image.name]} for name, those in members.items()}
    show_all(drawn, classes, {name: len(those) for name, those in members.items()})
    parts: Assigned = {
        (split,): [image for name in sorted(names) for image in members[name]] for split, names in drawn.items()
    }
    return parts, [drawn_note(parts, len(members), len(images), options.split_seed)]


def portion(sizes: Mapping[str, int], shares: Mapping[str, float], seed: int) -> dict[str, list[str]]:
    """Return names by split: large ones first, in an order drawn from the seed, each to the split that lacks most.

    Every split gets one; the result depends on names, sizes, shares and seed alone.
    """
    names = sorted(sizes)
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    order.sort(key=lambda name: -sizes[name])
    total, whole = sum(sizes.values()), sum(shares.values())
    lacking = {split: share / whole * total for split, share in shares.items()}
    drawn: dict[str, list[str]] = {split: [] for split in shares}
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        empty = [split for split in shares if not drawn[split]]
        split = max(empty if len(empty) == left else shares, key=lambda split: lacking[split])
        drawn[split].append(name)
        lacking[split] -= sizes[name]
    return drawn


def show_all(
    drawn: Mapping[str, list[str]], classes: Mapping[str, Collection[Hashable]], sizes: Mapping[str, int]
) -> None:
    """Change groups so that train shows every class, if it can: each against one of train that it can do without.

    Of these the one nearest in size is taken. Nothing changes where train shows all that val and test do.
    """
    train = drawn["train"]
    for split in (split for split in drawn if split != "train"):
        for name in list(drawn[split]):
            held = Counter(label for group in train for label in classes[group])
            if set(classes[name]) <= held.keys():
                continue
            free = [
                group for group in train if all(held[label] > 1 or label in classes[name] for label in classes[group])
            ]
            if free:
                given = min(free, key=lambda group: (abs(sizes[group] - sizes[name]), group))
                drawn[split][drawn[split].index(name)], train[train.index(given)] = given, name


def drawn_note(parts: Assigned, groups: int, images: int, seed: int) -> str:
    """Say what was drawn."""
    counts = ", ".join(f"{split[0]} {len(those)}" for split, those in parts.items())
    what = counted(images, "image") + (f" in {counted(groups, 'group')}" if groups < images else "")
    if len(parts) == len(SPLITS):
        return f"the data name no split; {what} were drawn with data.split_seed={seed}: {counts}"
    missing = " and no ".join(split[0] for split in parts if split != ("train",))
    return f"the data name no {missing}; {what} of train were drawn with data.split_seed={seed}: {counts}"


def refuse_leaks(parts: Assigned, groups: Mapping[str, str]) -> None:
    """Refuse a group that is in two splits: its images are alike, and a test on them would measure memory."""
    seen: dict[str, tuple[str, ImageAnnotation]] = {}
    for splits, images in parts.items():
        for image in images:
            split, other = seen.setdefault(groups[image.name], (splits[0], image))
            if split != splits[0]:
                raise ZooError(
                    f"group {groups[image.name]!r} is in {split} ({other.name}) and in {splits[0]} ({image.name}); "
                    "put it in one split, or change data.group"
                )
