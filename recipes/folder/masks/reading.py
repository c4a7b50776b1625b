"""From a folder of the user's images and masks to scenes by split."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.bands import align_bands, band_names
from recipes.folder.copies import copies_of, copy_notes
from recipes.folder.floats import refuse_strange_floats
from recipes.folder.formats.reading import find_evidence, read_annotations
from recipes.folder.image_notes import image_notes
from recipes.folder.mask_pairs import Paired, masks_of, paired
from recipes.folder.masks.coding import Coding, coding_of, kept, not_known_notes
from recipes.folder.masks.drawn import Drawn
from recipes.folder.masks.grid import LAID, TURNED
from recipes.folder.masks.layers import draw_layers
from recipes.folder.masks.legend import Legend, legend_of
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.outlines import draw_outlines
from recipes.folder.masks.survey import Surveyed, is_palette, listed, palettes_differ, raw, survey
from recipes.folder.pixels import blank_notes
from recipes.folder.problems import Problem, refuse, settled_kinds, some, told
from recipes.folder.regions import cut
from recipes.folder.split import assign
from recipes.folder.tree import Tree, split_of_folder
from recipes.folder.value_range import read_range
from recipes.imagery.images import Values
from recipes.imagery.rasters import RASTERS
from recipes.imagery.scene import Scene
from recipes.kit.split import SPLITS, Split, note_untested
from zoo.errors import ZooError, agreeing
from zoo.segmentation import foreground_of

DONE = {
    "outline": "they are not known inside",
    "orphan": "they were left out",
    "unmasked": "they were left out",
    "mask_blank": "they were left out",
    "mask_value": "these pixels count as not known",
}


class Judged(NamedTuple):
    """What was found in a folder: pairs, what their values mean, what is wrong with them, and notes."""

    surveyed: list[Surveyed]
    coding: Coding
    problems: list[Problem]
    notes: list[str]


def read_masks(root: Path, options: MaskOptions | None = None, values: Values | None = None) -> Split[Scene]:
    """Read images with masks below `root` as train, val and test; everything wrong with them is a ZooError."""
    options = options or MaskOptions()
    tree = Tree(root)
    surveyed, coding, problems, notes = judge(tree, options)
    refuse(problems, passed(options))
    notes += told(problems, DONE)
    surveyed, emptied = settled(surveyed, coding, options)
    notes += emptied
    refuse_one_class(surveyed, coding)
    annotated = {one.pair.image: annotation(tree, one) for one in surveyed}
    refuse_strange_floats(list(annotated.values()), values or Values())
    value_range, range_notes = read_range(list(annotated.values()), values or Values())
    notes += range_notes
    bands = band_names(list(annotated.values()), options.bands, options.band_names)
    shown = {one.pair.image: coding.counted(one.counts).keys() for one in surveyed}
    copies = copies_of(list(annotated.values()))
    assigned, split_notes = assign(list(annotated.values()), options, shown, copies)
    of_image = {one.pair.image: one for one in surveyed}
    by_split = {parts: [of_image[image.name] for image in those] for parts, those in assigned.items()}
    coding, unseen_notes = settle_unseen(by_split, coding, options.unseen)
    scenes, region_notes = as_scenes(tree, by_split, coding)
    scenes, band_notes = align_bands(scenes, bands, options.bands, options.band_names)
    notes += [*image_notes(list(annotated.values())), *split_notes, *unseen_notes, *region_notes, *band_notes]
    notes += [*blank_notes(list(annotated.values())), *copy_notes(assigned, copies)]
    parts = {part: [one for parts, those in by_split.items() if part in parts for one in those] for part in SPLITS}
    notes += note_untested(parts, coding.classes, lambda one: coding.counted(one.counts))
    return Split(scenes, coding.classes, bands, tuple(notes), options.licence, options.resolution, value_range)


def judge(tree: Tree, options: MaskOptions) -> Judged:
    """Return the pairs as they were found, what their values mean, all that is wrong with them, and notes."""
    found, legend = find_masks(tree, options)
    coloured = legend is not None and legend.colours and options.kind in ("auto", "colour")
    palettes: list[str] = []
    if legend is None and options.kind == "auto" and palettes_differ([tree.path(p.mask) for p in found.pairs]):
        coloured, palettes = True, ["the palettes of the masks differ, and their colours are read and not the numbers"]
    surveyed, problems = survey(tree, found.pairs, coloured and all(is_coloured(tree, p.mask) for p in found.pairs))
    problems = [*found.problems, *problems]
    if not surveyed:
        refuse(problems)
        raise ZooError(f"data.root={tree.root} has no image with a mask")
    coding = coding_of(surveyed, legend, options)
    problems += [problem for one in surveyed for problem in value_problems(one, coding, options)]
    unknown = [] if isinstance(found, Drawn) else not_known_notes(surveyed, coding)
    laid = {said: [one.pair.mask for one in surveyed if one.laid == said] for said in (TURNED, LAID)}
    notes = [f"{agreeing(len(names), said)} ({some(names)})" for said, names in laid.items() if names]
    return Judged(surveyed, coding, problems, [*found.notes, *palettes, *coding.notes, *unknown, *notes])


def value_problems(one: Surveyed, coding: Coding, options: MaskOptions) -> Iterator[Problem]:
    """Yield what is wrong with the values of a mask."""
    unknown, counted = coding.unknown(one.counts), coding.counted(one.counts)
    if unknown:
        what = f"{listed(unknown, coding.coloured)} are none of the classes {', '.join(coding.classes)}"
        yield Problem("mask_value", one.pair.mask, what)
    if not counted and not unknown:
        yield Problem("mask_blank", one.pair.mask, "")
    elif options.negatives == "error" and set(counted).isdisjoint(foreground_of(coding.classes)):
        yield Problem("mask_empty", one.pair.mask, "")


def find_masks(tree: Tree, options: MaskOptions) -> tuple[Paired | Drawn, Legend | None]:
    """Return the masks of a folder with what their values mean: files of masks, a file a class, or outlines that are drawn."""
    if options.pairs is None and (options.format or not masks_of(tree, None)):
        if options.format is None and not find_evidence(tree):
            drawn = draw_layers(tree)
            return (drawn, drawn.legend) if drawn else (paired(tree), None)
        annotations = read_annotations(tree, options.format)
        if not any(image.outlined or image.regions for image in annotations.images):
            raise ZooError(
                f"data.root={tree.root} holds annotations as {annotations.format} and no masks; say task=detection, or which "
                "files are masks with data.pairs='gt/(.*)_x'"
            )
        drawn = draw_outlines(annotations)
        return drawn, drawn.legend
    if options.pairs is None and (drawn := draw_layers(tree)) is not None:
        return drawn, drawn.legend
    return paired(tree, options.pairs), legend_of(tree, options)


def holds_masks(root: Path) -> bool:
    """Say whether a folder holds masks, and no annotations of objects."""
    tree = Tree(root)
    return bool(masks_of(tree, None)) and not find_evidence(tree)


def is_coloured(tree: Tree, mask: str) -> bool:
    """Say whether a mask can be read in colours: a palette, or three bands."""
    path = tree.path(mask)
    return (path.suffix.lower() not in RASTERS and is_palette(path)) or len(raw(path, True)) >= 3


def passed(options: MaskOptions) -> set[str]:
    """Return the kinds of problems that the options say how to settle."""
    return settled_kinds(
        {
            "orphan": options.orphans,
            "unmasked": options.unmasked,
            "mask_blank": options.blank,
            "mask_value": options.invalid,
            "outline": options.invalid,
            "size": options.sizes,
        }
    )


def settled(surveyed: Sequence[Surveyed], coding: Coding, options: MaskOptions) -> tuple[list[Surveyed], list[str]]:
    """Leave out masks that know nothing and, when asked, those of background alone; note the latter."""
    known = [one for one in surveyed if coding.counted(one.counts)]
    ground = set(range(len(coding.classes))) - set(foreground_of(coding.classes))
    empty = [one.pair.mask for one in known if set(coding.counted(one.counts)) <= ground]
    if not empty:
        return known, []
    if options.negatives == "drop":
        known = [one for one in known if one.pair.mask not in empty]
    what = "left out" if options.negatives == "drop" else "kept; data.negatives=drop leaves them out"
    said = agreeing(len(empty), "[mask shows|masks show] background alone")
    return known, [f"{said}: {some(empty)}; {what}"]


def refuse_one_class(surveyed: Sequence[Surveyed], coding: Coding) -> None:
    """Refuse masks that all show the same class: there is nothing to tell apart."""
    if not surveyed:
        raise ZooError(
            "data.blank=drop leaves no image: no mask knows a pixel; data.ignore says which value is not known"
        )
    seen = {number for one in surveyed for number in coding.counted(one.counts)}
    if len(seen) < 2 or len(coding.classes) < 2:
        names = ", ".join(coding.classes[number] for number in seen) or "none"
        raise ZooError(
            f"the {len(surveyed)} masks show one class only ({names}); segmentation needs two at least, background is one"
        )


def annotation(tree: Tree, one: Surveyed) -> ImageAnnotation:
    """Return an image as the splitting of folders knows it: without objects."""
    image = one.pair.image
    nothing, split = np.zeros((0, 4)), one.pair.split or split_of_folder(image)
    return ImageAnnotation(image, tree.path(image), one.facts, nothing, (), one.pair.mask, split=split)


def settle_unseen(
    by_split: dict[tuple[str, ...], list[Surveyed]], coding: Coding, unseen: str
) -> tuple[Coding, list[str]]:
    """Refuse classes that only val or test shows, or take them out; note classes that nothing shows."""
    shown: dict[str, set[int]] = {split: set() for split in SPLITS}
    for splits, those in by_split.items():
        for one in those:
            for split in splits:
                shown[split] |= set(coding.counted(one.counts))
    strange = sorted((shown["val"] | shown["test"]) - shown["train"])
    names = [coding.classes[number] for number in strange]
    silent = [n for i, n in enumerate(coding.classes) if not any(i in those for those in shown.values())]
    notes = (
        [agreeing(len(silent), "[class is|classes are] declared and no mask shows [it|them]: ") + some(silent)]
        if silent
        else []
    )
    if not strange:
        return coding, notes
    if unseen == "error":
        raise ZooError(
            f"only val or test shows {', '.join(map(repr, names))}; move such images to train, or set data.unseen=ignore "
            "to count these pixels as not known"
        )
    return coding.without(strange), [
        *notes,
        f"classes that training never shows count as not known: {', '.join(names)}",
    ]


def as_scenes(
    tree: Tree, by_split: dict[tuple[str, ...], list[Surveyed]], coding: Coding
) -> tuple[dict[str, list[Scene]], list[str]]:
    """Return scenes by split; images of several splits are cut in regions."""
    scenes: dict[str, list[Scene]] = {split: [] for split in SPLITS}
    notes: list[str] = []
    for splits, those in by_split.items():
        whole = [scene_of(tree, one, coding) for one in those]
        parts, told_of = cut(whole, splits) if len(splits) > 1 else ({splits[0]: whole}, [])
        notes += told_of
        for split, cuts in parts.items():
            scenes[split] += cuts
    return scenes, notes


def scene_of(tree: Tree, one: Surveyed, coding: Coding) -> Scene:
    """Return a whole image with its mask as a scene."""
    window = (0, 0, one.facts.width, one.facts.height)
    mask = kept(tree, one, coding)
    return Scene(one.pair.image, tree.path(one.pair.image), window, mask_file=mask)
