"""Aspects of keypoints: how many individuals an image shows, and how large they are in what is seen of them."""

from zoo.fit.case import Case, Row, listing, percent, spread
from zoo.profile import Quantiles


def keypoint_names(case: Case) -> Row | None:
    """Hold the names of the keypoints against those that the published weights tell, where there are such."""
    if case.profile.individuals is None or not case.card.weights:
        return None
    known, mine = case.card.weights_named().classes, tuple(case.profile.classes)
    said, data = listing(known), listing(mine)
    if set(mine) == set(known):
        return Row("keypoints", said, data, "fits")
    if "classes" in case.card.adapts:
        return Row("keypoints", said, data, "adapted", f"new last layer for {len(mine)}")
    return Row("keypoints", said, data, "mismatch", "a model that learns other keypoints: model=simple_baseline")


def individuals(case: Case) -> Row | None:
    """Hold how many individuals are in an image against how many the model looks for.

    Of several a model that looks for one names parts of different ones, unless each is cut out by its box.
    """
    counts, designed = case.profile.individuals, case.card.designed_for.objects_per_image
    if counts is None or designed is None:
        return None
    said, data = (
        f"{designed[1]:g} an image",
        spread(counts),
    )
    if counts.largest <= designed[1]:
        return Row("individuals", said, data, "fits")
    if case.profile.boxes:
        return Row(
            "individuals", said, data, "adapted", "each is cut out by its box; `zoo predict --detector` finds these"
        )
    return Row("individuals", said, data, "mismatch", "annotate a box for each, by which it is cut out")


def individual_size(case: Case) -> Row | None:
    """Hold the size of individuals, as a share of what is seen, against the designed one.

    Threshold: the median lies in the designed range. Of a smaller one few pixels are left at the network's size.
    """
    share, designed = case.profile.individual_size, case.card.designed_for.object_size
    if share is None or designed is None:
        return None
    said, data = f"{percent(designed[0])} to {percent(designed[1])} of what is seen", shares_said(share)
    if share.median < designed[0]:
        way = (
            "boxes, by which each is cut out"
            if not case.profile.boxes
            else "keypoints lie close together: check the boxes"
        )
        return Row("size of individuals", said, data, "mismatch", way)
    return Row("size of individuals", said, data, "fits")


def shares_said(share: Quantiles) -> str:
    """Write shares for people."""
    return f"{percent(share.low)} to {percent(min(1.0, share.high))}, median {percent(share.median)}"


ASPECTS = (keypoint_names, individuals, individual_size)
