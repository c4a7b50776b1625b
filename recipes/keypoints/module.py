"""The data module of keypoints: individuals at one size, moved and changed in training, with their skeleton."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torchvision.tv_tensors import BoundingBoxes, BoundingBoxFormat, Image

from recipes.imagery import images
from recipes.imagery.bands import chosen
from recipes.imagery.images import Values, as_picture, facts
from recipes.imagery.parts import refuse_empty
from recipes.imagery.transform import Sample, margin_of
from recipes.keypoints.instance import Instance
from recipes.kit.module import Batch, Change, DataModule
from recipes.kit.settings import Loading, Positive
from recipes.kit.split import Split, note_untested
from recipes.labelled.module import without_scene_mixers
from zoo.errors import ZooError
from zoo.pose.baselines import thumbnails
from zoo.pose.framing import AROUND, Frame
from zoo.pose.skeleton import Skeleton
from zoo.profile import Quantiles

#: The origin and a step along each axis, which are moved with the keypoints: what became of them tells a mirror.
AXES = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
#: The coarsest stride of the networks.
STRIDE = 32


@dataclass(frozen=True)
class KeypointLoading(Loading):
    """How batches are made: what is seen of an individual, in a square of `size` pixels. The others are those of scenes."""

    batch_size: Positive = 8
    size: Positive = 256
    value_range: tuple[float, float] | None = None
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    nodata: float | None = None

    def __post_init__(self) -> None:
        if self.size % STRIDE:
            raise ZooError(f"data.size={self.size} must be a multiple of {STRIDE}, the coarsest stride of the networks")

    @property
    def values(self) -> Values:
        """What the numbers in the files mean."""
        return Values(None if self.value_range is None else tuple(self.value_range), self.nodata)  # type: ignore[arg-type]


class KeypointImages(DataModule[Instance]):
    """A data module over individuals in images; the classes are the names of the keypoints. A domain gives `read_split`."""

    task: ClassVar[str] = "pose"
    noun = "images"
    records: ClassVar[tuple[type, ...]] = (KeypointLoading,)
    endings = images.SUFFIXES
    new_input: ClassVar[str] = "NEW.png"
    loading: KeypointLoading

    def __init__(self, name: str, augment: Change | None = None, **settings: Any) -> None:
        super().__init__(name, without_scene_mixers(augment), **settings)
        self.own_skeleton: Skeleton | None = None

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton, which `read_split` finds."""
        self.setup()
        assert self.own_skeleton is not None
        return self.own_skeleton

    def complete_split(self, split: Split[Instance]) -> Split[Instance]:
        """Return the split with the bands that are asked for; no data in an image, and no keypoint in training, are refused."""
        split = chosen(split, self.loading.bands, self.loading.band_names)
        for instance in split.every():
            refuse_empty(instance, self.loading.values)
        counts = visible_counts(split.parts["train"], split.classes)
        if not any(counts.values()):
            raise ZooError(
                f"data {self.name!r} has no visible keypoint in training; `zoo data check` tells what was read"
            )
        unseen = [name for name, count in counts.items() if not count]
        untested = note_untested(split.parts, split.classes, lambda one: np.flatnonzero(one.visible).tolist())
        return split.noted(
            *([f"training never shows {', '.join(unseen)}, and cannot learn it"] if unseen else []), *untested
        )

    def settings_from_data(self) -> dict[str, Any]:
        """Return the range of the values, where it was read off the images."""
        return {} if self.split.value_range is None else {"value_range": list(self.split.value_range)}

    def fitted(self) -> dict[str, Any]:
        """Return the skeleton, and whether individuals were cut out by their boxes."""
        every = self.split.parts["train"]
        return {"skeleton": self.skeleton.facts(), "boxes": any(one.box is not None for one in every)}

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take nothing: the skeleton is that of the data, with which a run is tested."""

    def measure(self) -> dict[str, Any]:
        """Count the visible keypoints of the training images, and measure the individuals."""
        instances = self.split.parts["train"]
        shares = [max(one.hull[2:] - one.hull[:2]) / seen_side(one) for one in instances if one.visible.any()]
        return {
            "classes": visible_counts(instances, self.split.classes),
            "scenes": tuple(sorted({(one.height, one.width) for one in instances})),
            "dtype": facts(instances[0].path).dtype,
            "individuals": Quantiles.of(list(Counter(one.path for one in instances).values())),
            "individual_size": Quantiles.of(shares),
            "boxes": any(one.box is not None for one in instances),
        }

    def read_sample(self, item: Instance) -> Sample:
        """Return what is seen of an individual, as it is."""
        return self.sample(item, item.frame(self.loading.size))

    def draw_sample(self, item: Instance, random: torch.Generator) -> Sample:
        """Return what is seen of an individual, changed as drawn; left and right change places in a mirror."""
        sample = self.sample(item, item.frame(round(self.loading.size * margin_of(self.augment))))
        hull = sample["keypoints"][sample["visible"]]
        ends = torch.cat((hull.amin(dim=0), hull.amax(dim=0)))[None] if len(hull) else torch.zeros(0, 4)
        size = sample["image"].shape[-1]
        sample["boxes"] = BoundingBoxes(ends, format=BoundingBoxFormat.XYXY, canvas_size=(size, size))
        sample["labels"] = torch.zeros(len(ends), dtype=torch.long)
        sample["keypoints"] = torch.cat((sample["keypoints"], AXES))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=random)))
            changed: Sample = self.augment(sample)
        return self.settled(changed)

    def settled(self, sample: Sample) -> Sample:
        """Return a changed sample with its keypoints in their order, and only those visible that are inside."""
        points, axes = sample["keypoints"].split([len(sample["visible"]), len(AXES)])
        visible = sample["visible"]
        if float(torch.linalg.det(axes[1:] - axes[:1])) < 0:
            points, visible = points[self.skeleton.order_mirrored], visible[self.skeleton.order_mirrored]
        size = sample["image"].shape[-1]
        within = ((points >= 0) & (points <= size)).all(dim=1)
        return {**sample, "keypoints": points, "visible": visible & within}

    def sample(self, instance: Instance, frame: Frame) -> Sample:
        """Return an individual in its frame: image (C, S, S), keypoints (J, 2) in pixels of it, and what is known of it."""
        points = frame.to_seen(np.nan_to_num(instance.keypoints.astype(np.float64)))
        return {
            "image": Image(frame.show(self.pixels(instance, frame))),
            "keypoints": torch.from_numpy(points).float(),
            "visible": torch.from_numpy(instance.visible.copy()),
            "name": instance.name,
            "frame": frame,
        }

    def pixels(self, instance: Instance, frame: Frame) -> Tensor:
        """Read the window of a frame (C, h, w) float32 in [0, 1]."""
        read, _ = images.measured(instance.path, frame.window, instance.bands, self.loading.values)
        return torch.from_numpy(read)

    def collate(self, samples: list[Any]) -> Batch:
        """Return images (B, C, S, S), keypoints (B, J, 2) and visible (B, J) in pixels of them, names and frames.

        `truth` (B, J, 2) are the keypoints in pixels of the whole images, `areas` (B,) those of the individuals, and `pictures`
        tells whose images are one.
        """
        items = [self.find(sample["name"]) for sample in samples]
        return {
            "images": torch.stack([sample["image"].as_subclass(torch.Tensor) for sample in samples]),
            "keypoints": torch.stack([sample["keypoints"] for sample in samples]),
            "visible": torch.stack([sample["visible"] for sample in samples]),
            "names": [sample["name"] for sample in samples],
            "frames": [sample["frame"] for sample in samples],
            "truth": torch.from_numpy(np.nan_to_num(np.stack([item.keypoints for item in items]))),
            "areas": torch.tensor([item.area for item in items]),
            "pictures": [str(item.path) for item in items],
        }

    def references(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the training images as naive answers see them: thumbnails (N, P), keypoints (N, J, 2) and visible (N, J).

        Keypoints are shares of the side of what is seen.
        """
        samples = [self.read_sample(item) for item in self.split.parts["train"]]
        size = self.loading.size
        seen = torch.stack([sample["image"].as_subclass(torch.Tensor) for sample in samples])
        points = torch.stack([sample["keypoints"] for sample in samples]) / size
        return thumbnails(seen), points, torch.stack([sample["visible"] for sample in samples])

    def picture(self, name: str) -> np.ndarray:
        """Return the image in which the individual called `name` is, as a picture for people, uint8 (H, W, 3)."""
        instance = self.find(name)
        return as_picture(images.read(instance.path, instance.window, instance.bands), self.bands)


def visible_counts(instances: Sequence[Instance], names: Sequence[str]) -> dict[str, int]:
    """Return how often each keypoint is visible."""
    counts = np.sum([one.visible for one in instances], axis=0)
    return dict(zip(names, np.atleast_1d(counts).tolist(), strict=True))


def seen_side(instance: Instance) -> float:
    """Return the longer side of what is seen of an individual, pixels of the image."""
    if instance.box is None:
        return float(max(instance.width, instance.height))
    return float(AROUND * (instance.box[2:] - instance.box[:2]).max())
