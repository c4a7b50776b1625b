"""The data module over series: windows, augmentation, batches by objective, the profile."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from recipes.kit.dataset import Samples
from recipes.kit.inference_sample import InferenceSample, pad_inputs
from recipes.kit.module import Batch, DataModule
from recipes.kit.settings import Positive, SequenceLoading
from recipes.kit.split import Split, refuse_shared
from recipes.series.augment import Piece
from recipes.series.counters import offsets_of
from recipes.series.future import Timed
from recipes.series.gaps import Masking, Missing, mend, sentinel_notes
from recipes.series.picture import picture
from recipes.series.series import UNLABELLED, Series
from recipes.series.times import following, stamp
from zoo.errors import ZooError
from zoo.profile import Quantiles

#: A forecast knows so many horizons, and so many seasons, unless it is said how many steps it knows.
PASTS = 4


@dataclass(frozen=True)
class SeriesLoading(SequenceLoading):
    """How series are asked for and batched.

    A training epoch is `samples` series, or all once; one longer than `window` steps is cut at a random place. `horizon`
    steps at the end are the future of a forecast, which knows `window` steps before them, by default four horizons. `missing`
    says what is done with gaps (`recipes.series.gaps`).
    """

    objectives: Sequence[str] = ("classify",)
    window: Positive | None = None
    horizon: Annotated[int, Field(ge=0)] = 0
    season: Positive = 1
    missing: Missing = "interpolate"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.objective != "forecast":
            object.__setattr__(self, "horizon", 0)  # only a forecast has a future to leave out
        elif self.window is None:
            object.__setattr__(self, "window", PASTS * max(self.horizon, self.season))
        elif self.window <= self.season:
            raise ZooError(
                f"data.window={self.window} must be more than data.season={self.season}: errors of a forecast are in"
                f" units of the change over a season of what it knows; data.window={PASTS * self.season} would do"
            )


class SeriesModule(DataModule[Series]):
    """A data module over series; a data set gives `read_split`."""

    task: ClassVar[str] = "sequence"
    noun = "series"
    records: ClassVar[tuple[type, ...]] = (SeriesLoading,)
    new_input, endings = "NEW.csv", frozenset({".csv"})
    loading: SeriesLoading
    #: What stands in gaps, where `missing` is mask: of training, or of the run that was restored.
    masking: Masking | None = None
    #: What is taken off each feature, see `recipes.series.counters`: of training, or of the run that was restored.
    offsets: tuple[float, ...] | None = None

    def complete_split(self, split: Split[Series]) -> Split[Series]:
        """Return the series without gaps, as float32; no group is in two splits."""
        refuse_shared(split.parts, lambda series: series.group, lambda series: series.name)
        if self.offsets is None:
            self.offsets, notes = offsets_of(split.parts["train"], split.bands)
            split = split.noted(*notes)
        split = split.noted(*sentinel_notes(split.parts["train"], split.bands))
        parts = {part: [self.shifted(series) for series in every] for part, every in split.parts.items()}
        split = replace(split, parts=parts)
        if self.loading.missing == "mask" and self.masking is None:
            self.masking = Masking.of(split)
        return mend(split, self.loading.missing, self.masking)

    def shifted(self, series: Series) -> Series:
        """Return a series less the offsets, as float32."""
        values = series.values if self.offsets is None or not any(self.offsets) else series.values - self.offsets
        return replace(series, values=values.astype(np.float32))

    def fitted(self) -> dict[str, Any]:
        """Return what is put into gaps and what is taken off large values, where it is of training."""
        masking = {} if self.masking is None else {"masking": asdict(self.masking)}
        return masking | ({"offsets": list(self.offsets)} if self.offsets and any(self.offsets) else {})

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take what a finished run put into gaps, and took off large values."""
        self.offsets = tuple(fitted.get("offsets", ()))
        if found := fitted.get("masking"):
            self.masking = Masking(tuple(found["mean"]), tuple(found["gappy"]))

    @abstractmethod
    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Return the bands and the series of a new file, each with the times of its steps, none where it has none."""

    def inference_samples(self, path: Path) -> Iterator[InferenceSample]:
        """Yield the series of a file, gaps filled as in training; of what a forecast goes by, the last `window` steps."""
        bands, every = self.read_new(path)
        for one in every:
            yield self.as_inference_sample(one, bands)

    def of_array(self, values: np.ndarray) -> InferenceSample:
        """Return values (T, F) in the order of the columns as a series, gaps filled as in training."""
        steps = np.asarray(values, np.float64).reshape(len(values), -1)
        timed = Timed(Series("array", steps), np.zeros(0))
        return self.as_inference_sample(timed, tuple(map(str, range(steps.shape[1]))))

    def as_inference_sample(self, one: Timed, bands: tuple[str, ...]) -> InferenceSample:
        """Return a series, gaps filled as in training; of what a forecast goes by, the last `window` steps."""
        split, H = Split({"new": [self.shifted(one.series)]}, bands=bands), self.loading.horizon
        series, at = mend(split, self.loading.missing, self.masking, asked=False).parts["new"][0], one.times
        ahead = following(at, H)
        if H and self.loading.window:
            series, at = self.known(series), at[-self.loading.window :]
        return InferenceSample(
            series.name,
            torch.from_numpy(series.values),
            times=tuple(stamp(time) for time in at.tolist()),
            times_ahead=tuple(stamp(time) for time in ahead.tolist()),
            offsets=self.offsets or (),
        )

    @property
    def window(self) -> int:
        """The steps that a forecast knows."""
        return self.loading.window or 1

    def known(self, series: Series) -> Series:
        """Return the last `window` steps of a series that is to be foreseen; one with fewer is refused."""
        window, T = self.window, len(series.values)
        if window > T:
            raise ZooError(
                f"series {series.name!r} has {T} steps, and the run forecasts from the last {window}; give more of it"
            )
        return series.cut(T - window, T)

    @cached_property
    def alike(self) -> dict[int, list[Series]]:
        """The training series by class."""
        found: dict[int, list[Series]] = {}
        for one in self.split.parts["train"]:
            found.setdefault(one.label, []).append(one)
        return found

    def evaluated(self, split: str) -> Dataset:
        """Return the series of a split; those of training, which are longer, in windows that follow one another."""
        items, most = self.split.parts[split], self.loading.window and self.loading.window + self.loading.horizon
        if split == "train" and most:
            items = [part for one in items for part in in_windows(one, most)]
        return Samples(items, self.read_sample)

    def places(self, split: str) -> dict[str, str]:
        """Return the groups of series."""
        return {series.name: series.group for series in self.split.parts[split]}

    def draw_sample(self, item: Series, random: torch.Generator) -> Series:
        """Return a window of a series, changed as drawn, maybe with the help of another of its class."""
        same = self.alike[item.label]
        other = same[int(torch.randint(len(same), (), generator=random))]
        mine, partner = (self.cut(one, random) for one in (item, other))
        changed = self.augment(piece(mine), random, piece(partner))
        steps = None if changed.steps is None else changed.steps.numpy()
        return Series(item.name, changed.values.numpy(), item.label, item.group, steps)

    def cut(self, series: Series, random: torch.Generator) -> Series:
        """Return a window of the series, future and all, from a random place."""
        most = self.loading.window and self.loading.window + self.loading.horizon
        if most is None or len(series.values) <= most:
            return series
        start = int(torch.randint(len(series.values) - most + 1, (), generator=random))
        return series.cut(start, start + most)

    def lengths(self) -> list[int] | None:
        """Return the steps of the training series, when batches are `sorted`."""
        return [len(one.values) for one in self.split.parts["train"]] if self.loading.sorted else None

    def collate(self, samples: list[Series]) -> Batch:
        """Return inputs (B, T, F), lengths (B,), names, and labels, tags, future or anomalous, as the objective asks."""
        values, H = [torch.from_numpy(series.values) for series in samples], self.loading.horizon
        batch = pad_inputs([steps[: len(steps) - H] for steps in values], [series.name for series in samples])
        return batch | self.truth(samples)

    def truth(self, samples: list[Series]) -> Batch:
        """Return what the objective holds the answers against: labels, tags, the future, or what is anomalous."""
        objective, H = self.loading.objective, self.loading.horizon
        if objective == "classify":
            return {"labels": torch.tensor([series.label for series in samples])}
        if objective == "forecast":
            future = torch.stack([torch.from_numpy(series.values[len(series.values) - H :]) for series in samples])
            return {"future": future, "season": self.loading.season}
        known = [torch.from_numpy(series.steps) for series in samples if series.steps is not None]
        if not known:
            return {}
        steps = pad_sequence(known, batch_first=True, padding_value=UNLABELLED)
        return {"tags": steps} if objective == "tag" else {"anomalous": steps > 0, "judged": steps >= 0}

    def measure(self) -> dict[str, Any]:
        """Measure the training series: classes, lengths, features, range of values."""
        train, offsets = self.split.parts["train"], np.array(self.offsets or 0.0)
        low, high = (np.array([edge(one.values, axis=0) for one in train]) for edge in (np.min, np.max))
        shift = np.pad(offsets, (0, low.shape[1] - offsets.size)) if offsets.ndim else offsets
        return {
            "classes": self.counts(train),
            "features": len(self.split.bands),
            "dtype": "float32",
            "value_range": (float((low + shift).min()), float((high + shift).max())),
            "steps": Quantiles.of([len(series.values) for series in train]),
        }

    def counts(self, train: Sequence[Series]) -> dict[str, int]:
        """Count the training examples of each class: series, or steps."""
        if self.loading.objective == "tag":
            found = Counter(label for series in train if series.steps is not None for label in series.steps.tolist())
        else:
            found = Counter(series.label for series in train)
        if not self.split.classes:
            return {"series": len(train)}
        return {name: found[label] for label, name in enumerate(self.split.classes)}

    def axis_times(self, name: str) -> np.ndarray | None:
        """Return the times (T,) of the steps of a series, seconds; None where they have none."""
        return self.find(name).times

    def axis_names(self) -> tuple[str, ...]:
        """Return the bands, with what was taken off their values."""
        taken = [*(self.offsets or ()), *[0.0] * len(self.bands)]
        return tuple(f"{band} - {off:,.0f}" if off else band for band, off in zip(self.bands, taken, strict=False))

    def picture(self, name: str) -> np.ndarray:
        """Return the series called `name` as lines, uint8 (H, W, 3)."""
        return picture(self.find(name).values)


def piece(series: Series) -> Piece:
    """Return what augmentation changes of a series."""
    return Piece(torch.from_numpy(series.values), None if series.steps is None else torch.from_numpy(series.steps))


def in_windows(series: Series, steps: int) -> list[Series]:
    """Return a series in windows of so many steps, end to end; a shorter one as it is."""
    T = len(series.values)
    return [series.cut(end - steps, end) for end in range(steps, T + 1, steps)] if steps < T else [series]
