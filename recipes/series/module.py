"""The data module over series: windows, augmentation, batches by objective, the profile."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from recipes.module import Batch, DataModule, Unchanged, generator
from recipes.new import New
from recipes.series.augment import Change, Piece
from recipes.series.future import Timed
from recipes.series.gaps import Masking, mend
from recipes.series.picture import picture
from recipes.series.series import SPLITS, UNLABELLED, Series, Split, check_groups
from recipes.series.times import stamp
from zoo.errors import ZooError, near
from zoo.profile import Profile, Quantiles


@dataclass(frozen=True)
class Loading:
    """How series are asked for and batched.

    `objectives` are what the data serve, `objective` is what the run asks. A training epoch is `samples` series, or all
    once; one longer than `window` steps is cut at a random place. `horizon` steps at the end are the future of a forecast.
    `missing` says what is done with gaps (`recipes.series.gaps`).
    """

    objective: str = "classify"
    objectives: Sequence[str] = ("classify",)
    batch_size: int = 32
    workers: int | str = 0
    seed: int = 0
    samples: int | None = None
    window: int | None = None
    horizon: int = 0
    season: int = 1
    missing: str = "interpolate"
    augment: Change | Unchanged = field(default_factory=Unchanged)

    def __post_init__(self) -> None:
        if self.objective not in self.objectives:
            raise ZooError(
                f"task.objective={self.objective!r} is nothing these data serve{near(self.objective, self.objectives)};"
                f" they serve {', '.join(self.objectives)}"
            )
        if self.objective != "forecast":
            object.__setattr__(self, "horizon", 0)  # only a forecast has a future to leave out


class Whole(Dataset):
    """Series as they are, for validation and test."""

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = series

    def __len__(self) -> int:
        return len(self.series)

    def __getitem__(self, index: int) -> Series:
        return self.series[index]


class Drawn(Dataset):
    """`samples` changed training series an epoch, asked for by (epoch, index); what is drawn depends on these and the seed."""

    def __init__(self, series: Sequence[Series], loading: Loading) -> None:
        self.series, self.loading = series, loading
        self.by_label: dict[int, list[int]] = {}
        for index, one in enumerate(series):
            self.by_label.setdefault(one.label, []).append(index)

    def __len__(self) -> int:
        return self.loading.samples or len(self.series)

    def __getitem__(self, key: tuple[int, int]) -> Series:
        random = generator(self.loading.seed, *key)
        series = self.series[key[1] % len(self.series)]
        same = self.by_label[series.label]
        other = self.series[same[int(torch.randint(len(same), (), generator=random))]]
        mine, partner = (self.cut(one, random) for one in (series, other))
        changed = self.loading.augment(piece(mine), random, piece(partner))
        steps = None if changed.steps is None else changed.steps.numpy()
        return Series(series.name, changed.values.numpy(), series.label, series.group, steps)

    def cut(self, series: Series, random: torch.Generator) -> Series:
        """Return a window of the series, future and all, from a random place."""
        most = self.loading.window and self.loading.window + self.loading.horizon
        if most is None or len(series.values) <= most:
            return series
        start = int(torch.randint(len(series.values) - most + 1, (), generator=random))
        return series.cut(start, start + most)


def piece(series: Series) -> Piece:
    """Return what augmentation changes of a series."""
    return Piece(torch.from_numpy(series.values), None if series.steps is None else torch.from_numpy(series.steps))


class SeriesModule(DataModule):
    """A data module over series; a data set gives `read_split`."""

    task: ClassVar[str] = "sequence"
    new_input, endings = "NEW.csv", frozenset({".csv"})
    #: What stands in gaps, where `missing` is mask: of training, or of the run that was restored.
    masking: Masking | None = None

    def __init__(self, name: str, loading: Loading) -> None:
        super().__init__(name, loading.batch_size, loading.workers, loading.seed)
        self.loading = loading

    @abstractmethod
    def read_split(self) -> Split:
        """Read the series and divide them into `train`, `val` and `test`."""

    @cached_property
    def split(self) -> Split:
        """The series by split, without gaps; each split holds some, and no group is in two."""
        split = self.read_split()
        for part in SPLITS:
            if not split.parts.get(part):
                raise ZooError(
                    f"data {self.name!r} has no series in its split {part!r}; train, val, test need some: give more series,"
                    " or divide them otherwise"
                )
        if split.parts["val"] is not split.parts["train"]:
            check_groups(split.parts)
        if self.loading.missing == "mask" and self.masking is None:
            self.masking = Masking.of(split)
        return mend(split, self.loading.missing, self.masking)

    def fitted(self) -> dict[str, Any]:
        """Return what is put into gaps, where it is of training."""
        return {} if self.masking is None else {"masking": asdict(self.masking)}

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take what a finished run put into gaps."""
        if found := fitted.get("masking"):
            self.masking = Masking(tuple(found["mean"]), tuple(found["gappy"]))

    @abstractmethod
    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Return the bands and the series of a new file, each with the times of its steps, none where it has none."""

    def new(self, path: Path) -> Iterator[New]:
        """Yield the series of a file, gaps filled as in training; of what a forecast goes by, the last `window` steps."""
        bands, every = self.read_new(path)
        for one in every:
            yield self.as_new(one, bands)

    def of_array(self, values: np.ndarray) -> New:
        """Return values (T, F) in the order of the columns as a series, gaps filled as in training."""
        steps = np.asarray(values, np.float32).reshape(len(values), -1)
        return self.as_new(Timed(Series("array", steps), np.zeros(0)), tuple(map(str, range(steps.shape[1]))))

    def as_new(self, one: Timed, bands: tuple[str, ...]) -> New:
        """Return a series, gaps filled as in training; of what a forecast goes by, the last `window` steps."""
        split = Split({"new": [one.series]}, (), bands)
        series, at = mend(split, self.loading.missing, self.masking).parts["new"][0], one.times
        if self.loading.horizon and self.loading.window:
            series, at = self.known(series), at[-self.loading.window :]
        return New(series.name, torch.from_numpy(series.values), times=tuple(stamp(time) for time in at.tolist()))

    def known(self, series: Series) -> Series:
        """Return the last `window` steps of a series that is to be foreseen; one with fewer is refused."""
        window, T = self.loading.window or 1, len(series.values)
        if window > T:
            raise ZooError(
                f"series {series.name!r} has {T} steps, and the run forecasts from the last {window}; give more of it"
            )
        return series.cut(T - window, T)

    def setup(self, stage: str | None = None) -> None:
        """Read the series, once."""
        self.classes, self.bands = self.split.classes, self.split.bands

    def dataset(self, split: str) -> Dataset:
        """Return the series of a split; those of `train` are windows, augmented."""
        series = self.split.parts[split]
        return Drawn(series, self.loading) if split == "train" else Whole(series)

    def collate(self, samples: list[Series]) -> Batch:
        """Return inputs (B, T, F), lengths (B,), names, and labels, tags, future or anomalous, as the objective asks."""
        values, H = [torch.from_numpy(series.values) for series in samples], self.loading.horizon
        inputs = [steps[: len(steps) - H] for steps in values]
        batch: Batch = {
            "inputs": pad_sequence(inputs, batch_first=True),
            "lengths": torch.tensor([len(steps) for steps in inputs]),
            "names": [series.name for series in samples],
        }
        return batch | self.asked(samples)

    def asked(self, samples: list[Series]) -> Batch:
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

    def profile(self) -> Profile:
        """Measure the training series: classes, lengths, features, range of values."""
        train = self.split.parts["train"]
        return Profile(
            data=self.name,
            task=self.task,
            classes=self.counts(train),
            samples=len(train),
            bands=self.split.bands,
            features=len(self.split.bands),
            dtype="float32",
            value_range=(
                float(min(series.values.min() for series in train)),
                float(max(series.values.max() for series in train)),
            ),
            steps=Quantiles.of([len(series.values) for series in train]),
            licence=self.split.licence,
            notes=self.split.notes,
        )

    def counts(self, train: Sequence[Series]) -> dict[str, int]:
        """Count the training examples of each class: series, or steps."""
        if self.loading.objective == "tag":
            found = Counter(label for series in train if series.steps is not None for label in series.steps.tolist())
        else:
            found = Counter(series.label for series in train)
        if not self.split.classes:
            return {"series": len(train)}
        return {name: found[label] for label, name in enumerate(self.split.classes)}

    def picture(self, name: str) -> np.ndarray:
        """Return the series called `name` as lines, uint8 (H, W, 3)."""
        for part in SPLITS[::-1]:
            for series in self.split.parts[part]:
                if series.name == name:
                    return picture(series.values)
        raise ZooError(f"data {self.name!r} has no series {name!r}")
