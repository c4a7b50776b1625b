"""One image, three splits: regions of the scene, with a margin between them."""

from collections.abc import Mapping, Sequence

import numpy as np

from recipes.imagery.scene import Scene, Window
from zoo.errors import counted
from zoo.geometry.box_geometry import corners, longer_sides

#: Shares of the scene for the splits that are asked for, in this order along its longer side.
SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}
MOST_MARGIN = 0.05  # of the longer side: large objects must not eat the regions


def cut(scenes: Sequence[Scene], splits: Sequence[str]) -> tuple[dict[str, list[Scene]], list[str]]:
    """Cut each scene into a region per split, from left to right (from top to bottom where it is taller than wide).

    Between two regions lies a margin, as wide as half of the objects are, so that few objects are seen from both sides.
    """
    regions: dict[str, list[Scene]] = {split: [] for split in splits}
    lost = 0
    for scene in scenes:
        parts = {
            split: scene.region(f"{scene.name}:{split}", window) for split, window in windows(scene, splits).items()
        }
        lost += len(scene.boxes) - sum(len(part.boxes) for part in parts.values())
        for split, part in parts.items():
            regions[split].append(part)
    return regions, [note(scenes, splits, lost)]


def windows(scene: Scene, splits: Sequence[str]) -> Mapping[str, Window]:
    """Return the window of each split in pixels of the scene."""
    wide = scene.width >= scene.height
    length = scene.width if wide else scene.height
    sides = longer_sides(corners(scene.boxes))
    typical = float(np.median(sides)) if len(sides) else np.inf if scene.masked else 0.0
    half = min(typical, MOST_MARGIN * length) / 2
    shares = np.array([SHARES[split] for split in splits])
    borders = np.concatenate([[0.0], np.cumsum(shares / shares.sum()) * length])
    found = {}
    for index, split in enumerate(splits):
        low = round(borders[index] + (half if index else 0))
        high = round(borders[index + 1] - (half if index + 1 < len(splits) else 0))
        found[split] = (low, 0, high - low, scene.height) if wide else (0, low, scene.width, high - low)
    return found


def note(scenes: Sequence[Scene], splits: Sequence[str], lost: int) -> str:
    """Say that the splits are regions of the same scenes, and what that means."""
    shares = [SHARES[split] for split in splits]
    parts = ", ".join(f"{split} {share / sum(shares):.0%}" for split, share in zip(splits, shares, strict=True))
    names = ", ".join(scene.name for scene in scenes)
    return (
        f"too few images for a split: {names} cut in regions ({parts}), {counted(lost, 'object')} in the margins between them; "
        "figures on val and test are those of the same scene, not of a new one"
    )
