"""Skeletons: the names of keypoints, which are joined by lines, and which are the left and the right of a pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zoo.errors import ZooError, near

Names = tuple[str, str]

#: How far annotators differ on each keypoint of COCO, of the root of the area: https://cocodataset.org/#keypoints-eval.
COCO_SIGMAS = {
    "nose": 0.026, "left_eye": 0.025, "right_eye": 0.025, "left_ear": 0.035, "right_ear": 0.035, "left_shoulder": 0.079,
    "right_shoulder": 0.079, "left_elbow": 0.072, "right_elbow": 0.072, "left_wrist": 0.062, "right_wrist": 0.062,
    "left_hip": 0.107, "right_hip": 0.107, "left_knee": 0.087, "right_knee": 0.087, "left_ankle": 0.089, "right_ankle": 0.089,
}  # fmt: skip
COCO_NAMES = tuple(COCO_SIGMAS)
#: Of keypoints for which nobody measured it: about the mean of COCO's.
SIGMA = 0.07
COCO_EDGES: tuple[Names, ...] = (
    ("nose", "left_eye"), ("nose", "right_eye"), ("left_eye", "left_ear"), ("right_eye", "right_ear"),
    ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"), ("left_hip", "right_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle"),
    ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
)  # fmt: skip
#: Words that tell a side, and the other side.
SIDES = {"left": "right", "l": "r", "lh": "rh", "lf": "rf", "lb": "rb", "lm": "rm"}


@dataclass(frozen=True)
class Skeleton:
    """Keypoints by `names` (J,), the `edges` and left-right `pairs` between them, and the two ends of the `torso`.

    `sigmas` (J,) are how far apart annotators set a keypoint, as a share of the root of the area; they scale OKS.
    """

    names: tuple[str, ...]
    edges: tuple[Names, ...] = ()
    pairs: tuple[Names, ...] = ()
    torso: Names | None = None
    sigmas: tuple[float, ...] = field(default=())

    def __post_init__(self) -> None:
        refuse_twice(self.names)
        for what, those in (("edge", self.edges), ("pair", self.pairs), ("torso", [self.torso] if self.torso else [])):
            for one in those:
                check_joined(what, one, self.names)
        refuse_shared(self.pairs)
        if self.sigmas and (len(self.sigmas) != len(self.names) or min(self.sigmas) <= 0):
            raise ZooError(
                f"data.sigmas={list(self.sigmas)} must be {len(self.names)} positive numbers, one a keypoint"
            )
        if not self.sigmas:
            object.__setattr__(self, "sigmas", default_sigmas(self.names))

    @property
    def order_mirrored(self) -> list[int]:
        """The number of each keypoint's counterpart (J,): its own where it lies in the middle."""
        other = {**dict(self.pairs), **{right: left for left, right in self.pairs}}
        return [self.names.index(other.get(name, name)) for name in self.names]

    @property
    def numbered_edges(self) -> list[tuple[int, int]]:
        """The edges by the numbers of their keypoints."""
        return [(self.names.index(a), self.names.index(b)) for a, b in self.edges]

    def facts(self) -> dict[str, Any]:
        """Return it as JSON knows it, without the names."""
        return {
            "edges": [list(edge) for edge in self.edges],
            "pairs": [list(pair) for pair in self.pairs],
            "torso": None if self.torso is None else list(self.torso),
            "sigmas": list(self.sigmas),
        }


def skeleton_of(
    names: Sequence[str],
    edges: Sequence[Sequence[str]] | None = None,
    pairs: Sequence[Sequence[str]] | None = None,
    torso: Sequence[str] | None = None,
    sigmas: Sequence[float] | None = None,
) -> Skeleton:
    """Return the skeleton of keypoints; what is None follows the names: COCO's, and what they say of left and right."""
    coco = set(names) >= set(COCO_NAMES)
    known = [edge for edge in COCO_EDGES if coco]
    middle = ("left_shoulder", "right_hip") if coco else None
    return Skeleton(
        tuple(names),
        tuple(map(joined, known if edges is None else edges)),
        pairs_by_name(names) if pairs is None else tuple(map(joined, pairs)),
        middle if torso is None else joined(torso),
        tuple(sigmas or ()),
    )


def default_sigmas(names: Sequence[str]) -> tuple[float, ...]:
    """Return COCO's figures for COCO's keypoints; of others nobody knows them."""
    known = COCO_SIGMAS if set(names) >= set(COCO_NAMES) else {}
    return tuple(known.get(name, SIGMA) for name in names)


def of_facts(names: Sequence[str], facts: Mapping[str, Any] | None) -> Skeleton:
    """Return the skeleton that `facts` told; by the names alone where nothing was told."""
    return skeleton_of(names, **(facts or {}))


def joined(one: Sequence[str]) -> Names:
    """Return two names; what are not two is refused."""
    if isinstance(one, str) or len(one) != 2:
        raise ZooError(f"{one!r} joins no two keypoints; write [name, name]")
    return str(one[0]), str(one[1])


def pairs_by_name(names: Sequence[str]) -> tuple[Names, ...]:
    """Return left and right of the keypoints whose names differ in the word of the side alone."""
    lower = {name.lower(): name for name in names}
    found = []
    for name in names:
        other = lower.get(mirrored_name(name.lower()) or "")
        if other is not None:
            found.append((name, other))
    return tuple(found)


def mirrored_name(name: str) -> str | None:
    """Return what the right one of a left keypoint is called; None where the name tells no left."""
    words = split_words(name)
    for place, word in enumerate(words):
        bare = word.rstrip("0123456789")
        if bare in SIDES:
            return "".join([*words[:place], SIDES[bare] + word[len(bare) :], *words[place + 1 :]])
    if name.startswith("left"):
        return "right" + name[4:]
    return "right".join(name.rsplit("left", 1)) if name.endswith("left") else None


def split_words(name: str) -> list[str]:
    """Return the words of a name and the signs between them, in their order."""
    words, before = [""], True
    for sign in name:
        if sign.isalnum() == before:
            words[-1] += sign
        else:
            words.append(sign)
            before = not before
    return words


def check_joined(what: str, one: Names, names: Sequence[str]) -> None:
    """Refuse an edge or pair that leads to nothing, or from a keypoint to itself."""
    for name in one:
        if name not in names:
            raise ZooError(f"the {what} {list(one)} names {name!r}{near(name, names)}; keypoints: {', '.join(names)}")
    if one[0] == one[1]:
        raise ZooError(f"the {what} {list(one)} joins a keypoint with itself; name two")


def refuse_twice(names: Sequence[str]) -> None:
    """Refuse no keypoint at all, and two of one name."""
    if not names:
        raise ZooError("a skeleton needs one keypoint at the least")
    if twice := next((name for name in names if list(names).count(name) > 1), None):
        raise ZooError(f"two keypoints are named {twice!r}; each needs a name of its own")


def refuse_shared(pairs: Sequence[Names]) -> None:
    """Refuse a keypoint that is in two pairs: it would have two counterparts."""
    every = [name for pair in pairs for name in pair]
    if twice := next((name for name in every if every.count(name) > 1), None):
        raise ZooError(f"keypoint {twice!r} is in two of the pairs {[list(pair) for pair in pairs]}; leave it in one")
