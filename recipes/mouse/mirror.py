"""Mirror-mouse: 90 frames of a mouse on a wheel, seen from below and, by a mirror, from the side; 17 keypoints.

Warren et al. 2021, https://doi.org/10.7554/eLife.63258, as Biderman et al. 2024 label them for Lightning Pose,
https://doi.org/10.1038/s41592-024-02319-1; the frames come with its first release (MIT). Neither session nor time is told of a
frame, only its number, so whole stretches of numbers are held out: what lies close together stays together.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from recipes.folder.keypoints import deeplabcut
from recipes.folder.keypoints.instances import instances_of
from recipes.folder.keypoints.reading import readable
from recipes.folder.problems import refuse
from recipes.folder.tree import Tree
from recipes.keypoints.instance import Instance
from recipes.keypoints.module import KeypointImages
from recipes.kit.split import Split
from zoo.pose.skeleton import skeleton_of
from zoo.sources import Source, fetch_files

REPOSITORY = "github://danbider/lightning-pose@ca33000/data/mirror-mouse-example"
#: The numbers of the frames of each split.
SPLITS = {"train": range(1, 61), "val": range(61, 71), "test": range(71, 91)}
#: Keypoints of the side view end in _top, those from below in _bot.
EDGES = [
    (a + view, b + view)
    for view in ("_top", "_bot")
    for a, b in (
        ("nose", "paw2LF"), ("nose", "paw3RF"), ("paw2LF", "paw1LH"), ("paw3RF", "paw4RH"), ("paw1LH", "tailBase"),
        ("paw4RH", "tailBase"), ("tailBase", "tailMid"),
    )
]  # fmt: skip
PAIRS = [(a + view, b + view) for view in ("_top", "_bot") for a, b in (("paw1LH", "paw4RH"), ("paw2LF", "paw3RF"))]
TORSO = ("nose_bot", "tailBase_bot")


class MirrorMouse(KeypointImages):
    """Four paws, nose, base and middle of the tail in both views, and the obstacle that comes towards it."""

    def sources(self) -> Sequence[Source]:
        """Return the table, the frames, and the video."""
        lines = Path(__file__).with_name("mirror.sha256").read_text(encoding="ascii").splitlines()
        return [Source(f"{REPOSITORY}/{name}", sha256) for sha256, name in (line.split() for line in lines)]

    def read_split(self) -> Split[Instance]:
        """Read the table, and give each stretch of frames to a split."""
        folder = fetch_files(self.sources())[0].parent
        tree = Tree(folder)
        found = deeplabcut.read(tree)
        refuse(readable(tree, found)[1])
        every = [replace(one, name=one.path.stem) for one in instances_of(tree, found)]
        numbered = {int(one.name.removeprefix("img")): one for one in every}
        parts = {part: [numbered[number] for number in those] for part, those in SPLITS.items()}
        self.own_skeleton = skeleton_of(found.names, EDGES, PAIRS, TORSO)
        notes = (
            "no session and no time is told of a frame; whole stretches of their numbers are held out: "
            + ", ".join(f"{part} {those[0]} to {those[-1]}" for part, those in SPLITS.items()),
        )
        return Split(parts, found.names, ("grey",), notes, "MIT")
