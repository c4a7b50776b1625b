"""Profiles: what a data set is like, in the numbers that a card can be held against.

A data module measures its profile once and caches it; the run folder keeps it as profile.json. Everything here is a
plain number or a name, so that a profile can be read without torch and without the data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from zoo.errors import ZooError
from zoo.errors.validation_messages import explain

if TYPE_CHECKING:
    import numpy as np


#: From this share of its picture's longer side on, the median object is large: such pictures are photographs, not scenes.
LARGE_OBJECT = 0.25
#: Shapes that a profile keeps: enough for any number of default boxes to be made from them.
SHAPES = 64


class Quantiles(BaseModel):
    """Five numbers of a distribution: smallest, 5 %, median, 95 %, largest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest: float
    low: float
    median: float
    high: float
    largest: float

    @classmethod
    def of(cls, values: "Sequence[float] | np.ndarray") -> "Quantiles | None":
        """Summarise `values`; None when there are none."""
        import numpy as np

        if len(values) == 0:
            return None
        return cls(
            **dict(zip(cls.model_fields, (float(q) for q in np.quantile(values, [0, 0.05, 0.5, 0.95, 1])), strict=True))
        )


class Profile(BaseModel):
    """What the fit check knows of a data set. What does not apply to a task is None.

    Sizes are in pixels (height, width), object sizes are the longer side, `relative` is against the longer side of what
    the network sees (the tile), `aspect_ratio` is width to height. `rotated` is the share of objects that fill less than
    three quarters of their axis-aligned box, None when only such boxes are annotated. `neighbour_overlap` is each
    object's largest IoU with another of its class, `empty_tiles` the share of tiles without objects, `shapes` what the
    axis-aligned boxes of all objects are like: (width, height, share of the objects), small to large. `steps` are the
    lengths of sequences (seconds of recordings), `bandwidth` the lowest and highest frequency that carries something, Hz.
    `individuals` counts those with keypoints in an image, `individual_size` is the share that one takes of the side of
    what is seen of it, and `boxes` tells whether each is cut out by one.
    `classes` counts examples (objects, pixels, sequences) by class; `samples` counts the training samples. `value_range`
    is the smallest and largest value of the raw data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    task: str
    classes: Mapping[str, int]
    samples: int
    bands: tuple[str, ...] = ()
    dtype: str = ""
    value_range: tuple[float, float] | None = None
    scenes: tuple[tuple[int, int], ...] = ()
    tile: int | None = None
    objects: int | None = None
    objects_per_image: Quantiles | None = None
    objects_per_tile: Quantiles | None = None
    object_size: Quantiles | None = None
    object_size_relative: Quantiles | None = None
    aspect_ratio: Quantiles | None = None
    neighbour_overlap: Quantiles | None = None
    shapes: tuple[tuple[float, float, float], ...] = ()
    empty_tiles: float | None = None
    rotated: float | None = None
    resolution: float | None = None
    sample_rate: int | None = None
    bandwidth: tuple[float, float] | None = None
    steps: Quantiles | None = None
    features: int | None = None
    vocabulary: int | None = None
    individuals: Quantiles | None = None
    individual_size: Quantiles | None = None
    boxes: bool | None = None
    licence: str = "unknown"
    notes: tuple[str, ...] = ()

    @property
    def photographs(self) -> bool:
        """Whether objects are large in their pictures, as in photographs, and not small in a scene."""
        if self.object_size is None or not self.scenes:
            return False
        sides = sorted(map(max, self.scenes))
        return self.object_size.median >= LARGE_OBJECT * sides[len(sides) // 2]

    def save(self, path: Path) -> None:
        """Write the profile as JSON."""
        path.write_text(self.to_json(), encoding="utf-8")

    def to_json(self) -> str:
        """Return the profile as the JSON that `save` writes."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def load(cls, path: Path) -> "Profile":
        """Read a profile that `save` wrote."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise ZooError(f"profile {path}: {explain(error, cls)}; `zoo data profile` writes one") from error
        except (OSError, ValueError) as error:
            raise ZooError(f"profile {path} cannot be read: {error}; `zoo data profile` writes one") from error

    def facts(self) -> dict[str, Any]:
        """Return what is known, without the empty entries."""
        return {key: value for key, value in self.model_dump().items() if value not in (None, (), "")}


def detection_profile(
    boxes: "np.ndarray",
    labels: "np.ndarray",
    images: "np.ndarray",
    sizes: "np.ndarray",
    classes: Sequence[str],
    tile: int,
) -> dict[str, Any]:
    """Measure annotated objects: the fields of a Profile that are about objects.

    `boxes` are (N, 4) as x1, y1, x2, y2, or (N, 5) as centre, width, height, degrees, or (N, 8) corners, in pixels;
    `labels` and `images` (N,) are whole numbers, `sizes` (M, 2) the height and width of each image.
    """
    from zoo.geometry import box_geometry
    from zoo.geometry.box_clustering import cluster

    corners = box_geometry.corners(boxes)  # (N, 4, 2)
    hulls = box_geometry.hulls(corners)  # (N, 4) xyxy
    sides = hulls[:, 2:] - hulls[:, :2]
    longer = box_geometry.longer_sides(corners)
    seen = sizes.max(axis=1).clip(max=tile)[images]
    per_tile = box_geometry.objects_per_tile(hulls, images, sizes, tile)
    return {
        "classes": dict(zip(classes, (labels[:, None] == range(len(classes))).sum(axis=0).tolist(), strict=True)),
        "objects": len(boxes),
        "objects_per_image": Quantiles.of(box_geometry.counts(images, len(sizes))),
        "objects_per_tile": Quantiles.of(per_tile),
        "empty_tiles": float((per_tile == 0).mean()) if len(per_tile) else None,
        "object_size": Quantiles.of(longer),
        "object_size_relative": Quantiles.of(longer / seen),
        "aspect_ratio": Quantiles.of(sides[:, 0] / sides[:, 1].clip(min=1e-6)),
        "shapes": cluster(sides, None, SHAPES),
        "neighbour_overlap": Quantiles.of(box_geometry.neighbour_overlap(corners, labels, images)),
        "rotated": None if boxes.shape[1] == 4 else box_geometry.rotated_share(corners, hulls),
    }
