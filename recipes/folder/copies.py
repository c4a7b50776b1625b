"""Images that are byte for byte another: in one split where it is drawn, and never of training and of the test.

What is learnt of a picture is known of its copy, and figures on it would measure memory.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.pixels import is_blank
from recipes.folder.problems import some
from recipes.kit.split import SPLITS, Leakage
from zoo.errors import ZooError, agreeing
from zoo.sources.digest import digest

#: Images by split; a key of several splits holds images to be cut in regions.
Assigned = dict[tuple[str, ...], list[ImageAnnotation]]


def copies_of(images: Sequence[ImageAnnotation]) -> dict[str, str]:
    """Return for each image that is a copy of another, by name, the first of them; only files of one size are read.

    Of images of one value, as tiles without data are, nothing can be remembered: they are no copies.
    """
    by_size: dict[int, list[ImageAnnotation]] = defaultdict(list)
    for image in images:
        by_size[image.path.stat().st_size].append(image)
    first: dict[str, str] = {}
    found = {
        image.name: first.setdefault(digest(image.path), image.name)
        for those in by_size.values()
        if len(those) > 1
        for image in those
    }
    copies = {name: original for name, original in found.items() if name != original}
    originals = {*copies.values()}
    blank = {image.name for image in images if image.name in originals and nothing(image)}
    return {name: original for name, original in copies.items() if original not in blank}


def nothing(image: ImageAnnotation) -> bool:
    """Tell whether an image is known to hold one value only."""
    return image.facts is not None and is_blank(image.path, image.facts)


def across_splits(parts: Assigned, copies: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the copies that stand in another split than one that is the same, with it: that of the test before others."""
    held: dict[str, tuple[str, str]] = {}
    found = []
    for split in reversed(SPLITS):
        for image in (image for splits, images in parts.items() if split in splits for image in images):
            where, other = held.setdefault(copies.get(image.name, image.name), (split, image.name))
            if where != split and other != image.name:  # an image of several splits is cut in regions
                found.append((image.name, other))
    return found


def settle_copies(parts: Assigned, copies: Mapping[str, str], leakage: Leakage) -> tuple[Assigned, list[str]]:
    """Return the splits, and notes, with what `data.leakage` says of copies across them: note, drop, error.

    `drop` leaves out the copy of training, or of validation where the other is of the test.
    """
    across = across_splits(parts, copies)
    if not across:
        return parts, []
    said = f"{copy_sentence(len(across), True)} ({some(pairs(across))})"
    if leakage == "error":
        raise ZooError(
            f"{said}, or set data.leakage=drop to leave out those of training, data.leakage=note to keep all"
        )
    if leakage == "note":
        return parts, [f"{said}; data.leakage=drop leaves out those of training"]
    dropped = {name for name, _ in across}
    kept = {splits: [image for image in those if image.name not in dropped] for splits, those in parts.items()}
    return kept, [f"{said}: left out"]


def within_splits(parts: Assigned, copies: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the copies of an image of their own split, with it."""
    where = {image.name: splits for splits, images in parts.items() for image in images}
    return [(name, other) for name, other in copies.items() if name in where and where[name] == where.get(other)]


def copy_notes(parts: Assigned, copies: Mapping[str, str]) -> Iterator[str]:
    """Yield a note on copies that are in one split; those across splits were settled."""
    if those := within_splits(parts, copies):
        yield f"{copy_sentence(len(those), False)} ({some(pairs(those))})"


def copy_sentence(count: int, across: bool) -> str:
    """Say how many images are copies, in one split or across splits."""
    where = " in another split, on which figures measure memory" if across else ""
    return agreeing(count, f"[image is a copy|images are copies] of one{where}; keep one of them")


def pairs(copies: Sequence[tuple[str, str]]) -> list[str]:
    """Return copies as `copy = original`."""
    return [f"{name} = {other}" for name, other in copies]
