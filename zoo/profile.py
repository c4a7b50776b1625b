"""Profiles: what a data set is like, in the numbers that a card can be held against.

A data module measures its profile once and caches it; the run folder keeps it as profile.json. Everything here is a
plain number or a name, so that a profile can be read without torch and without the data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from zoo.errors import ZooError


class Quantiles(BaseModel):
    """Five numbers of a distribution: smallest, 5 %, median, 95 %, largest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest: float
    low: float
    median: float
    high: float
    largest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Quantiles | None":
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
    the network sees (the tile), `rotated` is the share of objects that no axis-aligned box fits well, `steps` are the
    lengths of sequences, `samples` counts the training samples.
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
    neighbour_overlap: float | None = None
    rotated: float | None = None
    resolution: float | None = None
    sample_rate: int | None = None
    steps: Quantiles | None = None
    features: int | None = None
    vocabulary: int | None = None
    licence: str = "unknown"
    notes: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Write the profile as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Profile":
        """Read a profile that `save` wrote."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ZooError(f"profile {path} cannot be read: {error}") from error

    def facts(self) -> dict[str, Any]:
        """Return what is known, without the empty entries."""
        return {key: value for key, value in self.model_dump().items() if value not in (None, (), "")}
