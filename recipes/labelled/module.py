"""The data module of labelled images: whole images scaled to one size, a random part of each in training."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torchvision.tv_tensors import Image

from recipes.imagery import images
from recipes.imagery.augment import CopyPaste, Mosaic
from recipes.imagery.bands import chosen
from recipes.imagery.images import Values, as_picture, facts
from recipes.imagery.mixed_labels import Mixing, mixed
from recipes.imagery.parts import refuse_empty
from recipes.imagery.scene import Scene, Window
from recipes.imagery.transform import Sample, margin_of
from recipes.kit.module import Batch, Change, DataModule
from recipes.kit.pipeline import Pipeline
from recipes.kit.settings import Loading, Positive
from recipes.kit.split import SPLITS, Split, note_absent
from zoo.backbone.resize import to_square
from zoo.errors import ZooError, near

#: Proportions of the part that a training image shows, as in Szegedy et al. 2014, https://arxiv.org/abs/1409.4842.
PROPORTIONS = 4 / 3
#: Changes that put other scenes into an image, whose labels would no longer hold; `mixup` and `cutmix` mix labels too.
SCENE_MIXERS = (CopyPaste, Mosaic)
OBJECTIVES = ("single_label", "multi_label", "grade")


@dataclass(frozen=True)
class LabelledLoading(Loading):
    """How batches are made: images of `size` pixels a side, whatever their own size and proportions.

    A training image shows a part of at least the share `least` of the area. `mixup` and `cutmix` are the shares of training
    images that are mixed with another. `sampling` is `uniform`, or `balanced`: every class is shown alike. `tile` are the
    pixels of a window into an image much larger than those of training, None: as many as those have. The others are those of
    scenes.
    """

    batch_size: Positive = 32
    size: Positive = 224
    least: Annotated[float, Field(gt=0, le=1)] = 0.6
    sampling: Literal["uniform", "balanced"] = "uniform"
    mixup: Annotated[float, Field(ge=0, le=1)] = 0.0
    cutmix: Annotated[float, Field(ge=0, le=1)] = 0.0
    tile: Positive | None = None
    value_range: tuple[float, float] | None = None
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    nodata: float | None = None
    objective: str = "single_label"
    objectives: Sequence[str] = OBJECTIVES

    def __post_init__(self) -> None:
        if self.objective not in self.objectives:
            raise ZooError(
                f"task.objective={self.objective} is nothing that these data serve{near(self.objective, self.objectives)};"
                f" they serve {', '.join(self.objectives)}"
            )
        if self.mixup + self.cutmix > 1:
            raise ZooError(f"data.mixup={self.mixup} and data.cutmix={self.cutmix} are shares, 1 in sum at the most")

    @property
    def values(self) -> Values:
        """What the numbers in the files mean."""
        return Values(None if self.value_range is None else tuple(self.value_range), self.nodata)  # type: ignore[arg-type]

    @property
    def mixing(self) -> Mixing:
        """How often images are mixed, and how."""
        return Mixing(self.mixup, self.cutmix)


class LabelledImages(DataModule[Scene]):
    """A data module over whole images: the `labels` (N,) of a scene without boxes are the classes that it shows."""

    task: ClassVar[str] = "classification"
    noun = "images"
    records: ClassVar[tuple[type, ...]] = (LabelledLoading,)
    endings = images.SUFFIXES
    new_input: ClassVar[str] = "NEW.png"
    loading: LabelledLoading

    def __init__(self, name: str, augment: Change | None = None, **settings: Any) -> None:
        super().__init__(name, without_scene_mixers(augment), **settings)

    def complete_split(self, split: Split[Scene]) -> Split[Scene]:
        """Return the split with the bands that are asked for; an image without data is refused, and what is not told apart."""
        split = chosen(split, self.loading.bands, self.loading.band_names)
        for scene in split.every():
            refuse_empty(scene, self.loading.values)
        refuse_one_class(split, self.loading.objective)
        return split.noted(*note_absent(split.parts, split.classes, lambda scene: scene.labels.tolist()))

    def settings_from_data(self) -> dict[str, Any]:
        """Return the range of the values and the side of a window, where they were left to the images."""
        sides = [(scene.width * scene.height) ** 0.5 for scene in self.split.parts["train"]]
        found: dict[str, Any] = {"tile": self.loading.tile or round(median(sides))}
        return found if self.split.value_range is None else {**found, "value_range": list(self.split.value_range)}

    def labelled(self, path: Path, label: int) -> Scene:
        """Return an image of which a person said the class; all its bands are read."""
        size = facts(path)
        return Scene(f"labels/{path.name}", path, (0, 0, size.width, size.height), labels=np.array([label]))

    def places(self, split: str) -> dict[str, str]:
        """Return the groups of images."""
        return {scene.name: scene.group for scene in self.split.parts[split]}

    def measure(self) -> dict[str, Any]:
        """Count the training images of each class, and gather their sizes."""
        scenes, names = self.split.parts["train"], self.split.classes
        counts = Counter(label for scene in scenes for label in scene.labels.tolist())
        return {
            "classes": {name: counts[number] for number, name in enumerate(names)},
            "scenes": tuple(sorted({(scene.height, scene.width) for scene in scenes})),
            "dtype": facts(scenes[0].path).dtype,
            "resolution": self.split.resolution,
        }

    def read_sample(self, item: Scene) -> Sample:
        """Return the whole image (C, S, S) in [0, 1], its name, and the shares (K,) of the classes."""
        size = self.loading.size
        return self.sample(item, to_square(self.pixels(item), size))

    def draw_sample(self, item: Scene, random: torch.Generator) -> Sample:
        """Return a part of an image, changed and perhaps mixed with another, as drawn."""
        scene = self.drawn_scene(item, random)
        sample = self.changed(scene, random)
        how = self.loading.mixing.draw(random)
        if how is None:
            return sample
        others = self.split.parts["train"]
        other = self.drawn_scene(others[int(torch.randint(len(others), (), generator=random))], random)
        return mixed(sample, self.changed(other, random), how, random)

    def drawn_scene(self, item: Scene, random: torch.Generator) -> Scene:
        """Return the scene whose turn it is, or one of a class that is drawn with the same chance as every other."""
        if self.loading.sampling == "uniform":
            return item
        groups = self.by_class()
        group = groups[int(torch.randint(len(groups), (), generator=random))]
        return group[int(torch.randint(len(group), (), generator=random))]

    def by_class(self) -> list[list[Scene]]:
        """Return the training scenes of each class that has some."""
        scenes = self.split.parts["train"]
        grouped = ([scene for scene in scenes if number in scene.labels] for number in range(len(self.split.classes)))
        return [group for group in grouped if group]

    def changed(self, scene: Scene, random: torch.Generator) -> Sample:
        """Return a random part of an image, scaled to its size and augmented."""
        side = round(self.loading.size * margin_of(self.augment))
        image = to_square(self.pixels(scene, drawn_part(scene, self.loading.least, random)), side)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=random)))
            made: Sample = self.augment(self.sample(scene, image))
        return made

    def sample(self, scene: Scene, image: Tensor) -> Sample:
        """Return an image (C, S, S) with what is known of it."""
        shares = torch.zeros(len(self.split.classes))
        shares[torch.from_numpy(scene.labels)] = 1.0
        return {"image": Image(image), "name": scene.name, "shares": shares}

    def pixels(self, scene: Scene, window: Window | None = None) -> Tensor:
        """Read a window of an image (C, h, w) float32 in [0, 1]."""
        read, _ = images.measured(scene.path, window or scene.window, scene.bands, self.loading.values)
        return torch.from_numpy(read)

    def collate(self, samples: list[Any]) -> Batch:
        """Return images (B, C, S, S), labels (B, K) float32, the shares of the classes, and names."""
        return {
            "images": torch.stack([sample["image"].as_subclass(torch.Tensor) for sample in samples]),
            "labels": torch.stack([sample["shares"] for sample in samples]),
            "names": [sample["name"] for sample in samples],
        }

    def picture(self, name: str) -> np.ndarray:
        """Return the image called `name` as a picture for people, uint8 (H, W, 3)."""
        scene = self.find(name)
        return as_picture(images.read(scene.path, scene.window, scene.bands), self.bands)


def without_scene_mixers(augment: Change | None) -> Change | None:
    """Return the changes without those that put other scenes into an image."""
    if not isinstance(augment, Pipeline):
        return augment
    kept: Iterator[Any] = (change for change in augment.transforms if not isinstance(change, SCENE_MIXERS))
    return replace(augment, transforms=tuple(kept))


def drawn_part(scene: Scene, least: float, random: torch.Generator) -> Window:
    """Draw a window of at least the share `least` of an image's area, in pixels of its file."""
    share, stretch, across, down = torch.rand(4, generator=random).tolist()
    area, proportion = least + (1 - least) * share, PROPORTIONS ** (2 * stretch - 1) if least < 1 else 1.0
    width = max(1, min(scene.width, round(scene.width * (area * proportion) ** 0.5)))
    height = max(1, min(scene.height, round(scene.height * (area / proportion) ** 0.5)))
    x, y = round(across * (scene.width - width)), round(down * (scene.height - height))
    return scene.window[0] + x, scene.window[1] + y, width, height


def refuse_one_class(split: Split[Scene], objective: str) -> None:
    """Refuse images that all show the same: there is nothing to tell apart."""
    seen: Mapping[str, set[int]] = {
        part: {label for scene in split.parts[part] for label in scene.labels.tolist()} for part in SPLITS
    }
    if objective != "multi_label" and len(seen["train"]) < 2:
        names = ", ".join(split.classes[label] for label in seen["train"]) or "none"
        raise ZooError(
            f"training has images of one class only ({names}); a classifier needs two at the least: add images of another,"
            " or say data.ratios or data.group so that training gets some"
        )
