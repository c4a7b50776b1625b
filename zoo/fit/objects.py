"""Aspects of annotated objects: geometry, size, shape, density, crowding."""

import math
from collections.abc import Sequence

from zoo.fit.case import Case, Row, Verdict, compact, interval, number, percent, spread
from zoo.profile import Quantiles

NAMES = {
    "box": "axis-aligned boxes",
    "rotated_box": "rotated boxes",
    "mask": "masks",
    "frame": "whole images",
    "sequence": "sequences",
    "keypoints": "keypoints",
}
#: From this share of rotated objects on, boxes without rotation are a mismatch.
ROTATED = 0.1
#: FCOS gives to the level of stride s the objects up to 8 s (ranges 64, 128, … at strides 8, 16, …).
REACH = 8
#: The coarsest stride that every backbone has.
COARSEST = 32
#: IoU above which non-maximum suppression drops a neighbour, where the model does not say: torchvision's RetinaNet.
NMS = 0.5


def geometry(case: Case) -> Row | None:
    """Hold the rotation of the objects against the boxes that the run predicts.

    Threshold: an object counts as rotated when it fills less than 3/4 of its axis-aligned box, so that this box misses
    COCO's AP75 (zoo/geometry/box_geometry.py); with one such object in ten, a tenth of AP75 is out of reach.
    """
    rotated, designed = case.profile.rotated, case.card.designed_for.geometry
    if case.profile.objects is None or designed not in ("box", "rotated_box"):
        return None
    chosen = predicted(case)
    data = NAMES["box"] if rotated is None else f"{percent(rotated)} of objects rotated"
    said = NAMES[designed]
    if rotated is not None and rotated > ROTATED:
        if chosen == "rotated_box":
            done = "" if designed == chosen else "rotated boxes, by model.geometry"
            return Row("geometry", said, data, "adapted" if done else "fits", done)
        otherwise = "a model with rotated boxes: `zoo search rotated`"
        return Row("geometry", said, data, "mismatch", case.option("geometry", "rotated_box", otherwise))
    if rotated is None and chosen == "rotated_box":
        way = case.option("geometry", "box", "a model with axis-aligned boxes")
        return Row("geometry", said, data, "mismatch", f"{way}; the annotations teach no rotation")
    return Row("geometry", said, data, "fits")


def predicted(case: Case) -> str:
    """Return the geometry that the run predicts; `auto` is the data's."""
    asked = str(case.options.get("geometry", case.card.designed_for.geometry))
    if asked != "auto":
        return asked
    return "box" if case.profile.rotated is None else "rotated_box"


def object_size(case: Case) -> Row | None:
    """Hold the size of the objects, in pixels of the network, against the strides of its feature maps.

    Thresholds: an object shorter than the finest stride falls between the points of a map; the coarsest stride s reaches
    up to 8 s (Tian et al. 2019, FCOS, https://arxiv.org/abs/1904.01355, section 3.2: 64 pixels at stride 8). A coarser level
    is missing only where the median object needs it: FCOS's coarsest level has no upper end, and one more that few objects
    need gave nothing (generated scenes, 47 to 131 px, 336 steps, two seeds: AP50 0.87 and 0.81 in place of 0.88 and 0.89).
    """
    sizes, strides = case.profile.object_size, case.options.get("strides")
    if sizes is None or not isinstance(strides, (list, tuple)):
        return None
    low, high = sizes.low * case.scale, sizes.high * case.scale
    data = f"{interval(low, high, 'px')}, median {number(sizes.median * case.scale)}"
    said = f"{number(min(strides))} to {number(REACH * max(strides))} px, strides {compact(strides)}"
    if low < min(strides):
        finer = [min(strides) // 2, *strides]
        way = f"scale the images up {math.ceil(min(strides) / low)} times"
        enough = finer[0] >= 4 and low >= finer[0]  # networks begin at stride 2 or 4
        return Row("object size", said, data, "mismatch", case.option("strides", finer, way) if enough else way)
    if high > REACH * max(strides):
        if sizes.median * case.scale <= REACH * max(strides):
            return Row(
                "object size", said, data, "note", "the coarsest stride finds larger ones too; see the metrics by size"
            )
        way, free = coarser(case, strides, high)
        return Row("object size", said, data, "mismatch", way, free)
    default = case.card.options.get("strides", strides)
    if default != list(strides) and not (min(default) <= low and high <= REACH * max(default)):
        return Row("object size", said, data, "adapted", f"strides {compact(strides)} in place of {compact(default)}")
    return Row("object size", said, data, "fits")


def coarser(case: Case, strides: Sequence[int], high: float) -> tuple[str, bool]:
    """Return the override for as many coarser strides as objects of `high` pixels need, and whether it costs nothing.

    Every backbone has stride 32; beyond it only a model goes whose card says so. Whole weights know their strides alone.
    """
    more = sorted(strides)
    while REACH * more[-1] < high:
        more.append(2 * more[-1])
    can = "strides" in case.card.options and (more[-1] <= COARSEST or "strides" in case.card.adapts)
    if not can:
        return "scale the images down, or a model with coarser strides", False
    return f"model.strides={compact(more)}", not (case.pretrained and case.card.weights)


def object_share(case: Case) -> Row | None:
    """Hold the size of the objects, as a share of what the network sees, against what it was designed for.

    Threshold: the median must lie in the designed range, since anchors, assignment and pretraining are laid out for it
    (Liu et al. 2016, SSD, section 2.2: anchors from 0.2 to 0.9 of the image); single objects outside are only noted.
    """
    share, designed = case.profile.object_size_relative, case.card.designed_for.object_size
    if share is None or designed is None:
        return None
    factor = case.view(case.profile.tile) / case.seen if case.profile.tile else 1.0
    low, median, high = (value * factor for value in (share.low, share.median, share.high))
    shown = [percent(min(1.0, value)) for value in (low, high, median)]  # of a larger one a tile shows a part
    data = f"{shown[0]} to {shown[1]}, median {shown[2]}"
    said = f"{percent(designed[0])} to {percent(designed[1])} of the image"
    if not designed[0] <= median <= designed[1]:
        if median > designed[1] and case.seen >= case.view(None):
            return Row("object share", said, data, "note", "objects fill whole images; no tile shows them smaller")
        middle = math.sqrt(max(designed[0], 0.01) * designed[1])
        way = case.resized() or case.tile_of(case.seen * median / middle)
        return Row("object share", said, data, "mismatch", way)
    if low < designed[0] or high > designed[1]:
        return Row("object share", said, data, "note", "some objects are outside; see the metrics by size")
    return Row("object share", said, data, "fits")


def aspect_ratio(case: Case) -> Row | None:
    """Hold width to height of the objects against the shapes that the model has anchors for.

    Threshold: nine tenths of the objects; an anchor of ratio r overlaps a box of ratio 2 r with an IoU of 0.5, below
    which SSD does not match it (Liu et al. 2016, section 2.2).
    """
    ratios, designed = case.profile.aspect_ratio, case.card.designed_for.aspect_ratio
    if ratios is None or designed is None:
        return None
    said, data = interval(*designed), spread(ratios)
    if ratios.low < designed[0] / 2 or ratios.high > 2 * designed[1]:
        return Row("aspect ratio", said, data, "mismatch", "a model without anchors: `zoo search anchor-free`")
    return Row("aspect ratio", said, data, "fits")


def whole_objects(case: Case) -> Row | None:
    """Hold the size of the objects against the overlap of the tiles.

    Threshold: an object longer than the overlap can be cut by the edge of every tile that it is in; nine objects in ten
    should be whole in one (Akyon et al. 2022, SAHI, https://arxiv.org/abs/2202.06934, overlaps the tiles for it).
    """
    sizes, tile = case.profile.object_size, case.tile
    if sizes is None or tile is None or not case.profile.scenes or max(map(max, case.profile.scenes)) <= tile:
        return None
    said, data = "objects whole in a tile", f"95 % are up to {number(sizes.high)} px"
    if sizes.high <= case.overlap:
        return Row("tile overlap", said, data, "adapted", f"tiles overlap by {case.overlap}")
    if sizes.high > tile / 2:
        return Row("tile overlap", said, data, "mismatch", case.resized() or case.tile_of(4 * sizes.high))
    key = case.key("tiling.overlap", "data.overlap")
    even = math.ceil(sizes.high / 32) * 32
    overlap = even if even < tile else math.ceil(sizes.high)
    return Row("tile overlap", said, data, "mismatch", f"{key or 'data.overlap'}={overlap}", free=key is not None)


def density(case: Case) -> Row | None:
    """Hold the objects in a tile against the detections that the model keeps, and against what it was designed for.

    Thresholds: none of the densest tile may be lost to `max_detections`; 95 % of the tiles should lie in the designed
    range.
    """
    counts, designed = per_view(case), case.card.designed_for.objects_per_image
    limit = case.options.get("max_detections")
    if counts is None or (designed is None and limit is None):
        return None
    unit = "a tile" if case.profile.objects_per_tile else "an image"
    data = f"{interval(counts.smallest, counts.largest, unit)}, median {number(counts.median)}"
    if limit is not None and counts.largest > limit:
        more = math.ceil(1.5 * counts.largest / 100) * 100  # as many false candidates beside them
        way = case.option("max_detections", more, thinner(case, limit))
        return Row("density", f"up to {limit:,} an image", data, "mismatch", way)
    if designed is None:
        return Row("density", f"up to {limit:,} an image", data, "fits")
    return Row("density", f"{interval(*designed)} an image", data, *against(case, counts, designed))


def against(case: Case, counts: Quantiles, designed: tuple[float, float]) -> tuple[Verdict, str]:
    """Return verdict and action for counts of objects against the range that the model was designed for."""
    limit = case.options.get("max_detections")
    if counts.high > designed[1]:
        if limit is not None and limit != case.card.options.get("max_detections"):
            return "adapted", f"up to {limit} detections"
        return "mismatch", thinner(case, designed[1])
    if counts.high < designed[0]:
        return "note", "fewer objects than it was made for"
    return "fits", ""


def per_view(case: Case) -> Quantiles | None:
    """Return the objects in what the network sees at once; for other tiles than the measured ones, by their area."""
    counts, measured = case.profile.objects_per_tile, case.profile.tile
    if counts is None or measured is None or case.tile in (None, measured):
        return counts or case.profile.objects_per_image
    factor = (case.seen / case.view(measured)) ** 2
    return Quantiles(**{name: value * factor for name, value in counts.model_dump().items()})


def thinner(case: Case, most: float) -> str:
    """Return the override for tiles so small that the densest holds about `most` objects."""
    counts = per_view(case)
    return case.tile_of(case.seen * math.sqrt(most / counts.largest)) if counts else ""


def empty_tiles(case: Case) -> Row | None:
    """Note when most tiles have no object: half of the training would then teach background only."""
    share = case.profile.empty_tiles
    if share is None or share <= 0.5:
        return None
    return Row(
        "empty tiles", "objects in the image", f"{percent(share)} of tiles are empty", "note", "it learns slowly"
    )


def neighbours(case: Case) -> Row | None:
    """Hold the overlap of neighbours of one class against non-maximum suppression, which drops one of two that overlap.

    Threshold: the model's own `nms_threshold`, else 0.5, torchvision's default for RetinaNet; a mismatch when one object
    in twenty overlaps another by more.
    """
    overlap = case.profile.neighbour_overlap
    if overlap is None:
        return None
    threshold = case.options.get("nms_threshold", NMS)
    said, data = f"IoU under {threshold}", f"95 % under {overlap.high:.2f}, most {overlap.largest:.2f}"
    if overlap.high > threshold:
        higher = min(0.95, math.ceil(20 * overlap.high) / 20)
        way = case.option("nms_threshold", higher, "boxes that overlap less: rotated ones, or masks")
        return Row("neighbours", said, data, "mismatch", way)
    if overlap.largest > threshold:
        return Row("neighbours", said, data, "note", "the closest neighbours are taken for one")
    return Row("neighbours", said, data, "fits")


ASPECTS = (geometry, object_size, object_share, aspect_ratio, whole_objects, density, empty_tiles, neighbours)
