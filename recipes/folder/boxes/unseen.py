"""Classes that val or test hold and training never showed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from recipes.folder.problems import some
from recipes.imagery.scene import Scene
from zoo.errors import ZooError, agreeing

Scenes = dict[str, list[Scene]]


def drop_unseen(scenes: Scenes, classes: Sequence[str], unseen: str) -> tuple[Scenes, tuple[str, ...], list[str]]:
    """Refuse classes that only val or test hold, or drop their objects and names; note classes that nothing shows."""
    trained, found = set(numbers_of(scenes["train"])), where_unseen(scenes)
    silent = [name for number, name in enumerate(classes) if number not in trained | found.keys()]
    said = agreeing(len(silent), "[class is declared and has|classes are declared and have] no object")
    notes = [f"{said}: {some(silent)}"] if silent else []
    if not found:
        return scenes, tuple(classes), notes
    those = ", ".join(f"{classes[number]!r} ({some(names)})" for number, names in sorted(found.items()))
    if unseen == "error":
        raise ZooError(
            f"training shows no object of {those}; move such images to train, or set data.unseen=ignore to leave "
            "these objects out"
        )
    counts = numbers_of([*scenes["val"], *scenes["test"]])
    dropped = sum(counts[number] for number in found)
    left_out = agreeing(dropped, "[object|objects] of classes that training never shows [was|were] left out")
    notes.append(f"{left_out}: {those}")
    kept = [number for number in range(len(classes)) if number not in found]
    return renumber(scenes, kept), tuple(classes[number] for number in kept), notes


def where_unseen(scenes: Scenes) -> dict[int, list[str]]:
    """Return the class numbers that val or test show and training does not, each with the scenes that show it."""
    trained = set(numbers_of(scenes["train"]))
    found: dict[int, list[str]] = defaultdict(list)
    for split in ("val", "test"):
        for scene in scenes[split]:
            for number in sorted(set(scene.labels.tolist()) - trained):
                found[number].append(f"{scene.name} in {split}")
    return found


def numbers_of(scenes: Sequence[Scene]) -> Mapping[int, int]:
    """Count the objects of each class number."""
    return Counter(number for scene in scenes for number in scene.labels.tolist())


def renumber(scenes: Scenes, kept: Sequence[int]) -> Scenes:
    """Return the scenes with the objects of the classes `kept` only, numbered anew from 0."""
    return {split: [select(scene, kept) for scene in those] for split, those in scenes.items()}


def select(scene: Scene, kept: Sequence[int]) -> Scene:
    """Return the scene with the objects of the classes `kept`, numbered anew."""
    good = np.isin(scene.labels, kept)
    labels = np.searchsorted(kept, scene.labels[good]).astype(np.int64)
    difficult = None if scene.difficult is None else scene.difficult[good]
    return replace(scene, boxes=scene.boxes[good], labels=labels, difficult=difficult)
