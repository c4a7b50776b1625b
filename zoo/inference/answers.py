"""What is answered to one input: objects with plain fields, in the terms of the input, that know their lines of a table."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from zoo.errors import counted

Line = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What all answers can do. A field that is None says nothing, and is in no table."""

    def facts(self) -> Line:
        """Return the fields that say something, as JSON knows them."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}

    def agreement(self, other: Any) -> float | None:
        """Return the share of what another answer of this kind says that is the same, 0 to 1; None where that is no matter of
        the same or not."""
        return None

    def lines(self) -> Iterator[Line]:
        """Yield the lines of a table that the answer takes: one, or one a step."""
        yield self.facts()

    def summary(self) -> str:
        """Return the answer in a few words."""
        return ", ".join(f"{name} {value}" for name, value in self.facts().items())


@dataclass(frozen=True)
class Detections(Answer):
    """Objects of a scene, best first: boxes (N, 4) xyxy, or (N, 5) centre, width, height, degrees, in pixels of the scene.

    `outlines` (N, 4, 2) are their corners on the map, in the reference system `crs`; without a georeference in pixels, and
    `crs` is "".
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: tuple[str, ...]
    outlines: np.ndarray
    crs: str = ""

    def facts(self) -> Line:
        """Return the fields, arrays as lists."""
        arrays = {name: getattr(self, name).tolist() for name in ("boxes", "scores", "outlines")}
        return {**arrays, "labels": list(self.labels), "crs": self.crs}

    def summary(self) -> str:
        """Return how many objects there are of each class."""
        return ", ".join(f"{name} {count}" for name, count in Counter(self.labels).most_common()) or "no object"


@dataclass(frozen=True)
class Mask(Answer):
    """The class of each pixel of a scene: `mask` (H, W) uint8 numbers in `classes`, 255 where there is no data.

    `transform` are the six numbers a, b, c, d, e, f of x = a·column + b·row + c, y = d·column + e·row + f on the map, in the
    reference system `crs`; without a georeference they are None and "".
    """

    mask: np.ndarray
    classes: tuple[str, ...]
    transform: tuple[float, ...] | None = None
    crs: str = ""

    def facts(self) -> Line:
        """Return the pixels of each class, by name."""
        counts = np.bincount(self.mask.ravel(), minlength=256)
        return {name: int(counts[number]) for number, name in enumerate(self.classes)}


@dataclass(frozen=True)
class Label(Answer):
    """The class of a sequence, its probability, and those of all classes by name."""

    label: str
    probability: float
    probabilities: Mapping[str, float]

    def agreement(self, other: "Label") -> float:
        """Whether it is the same class."""
        return float(self.label == other.label)

    def lines(self) -> Iterator[Line]:
        """Yield one line, with a column `p/class` for each class."""
        shares = {f"p/{name}": share for name, share in self.probabilities.items()}
        yield {"label": self.label, "probability": self.probability, **shares}

    def summary(self) -> str:
        """Return the label and its probability."""
        return f"{self.label}  {self.probability:.2f}"


@dataclass(frozen=True)
class Text(Answer):
    """The text that is heard in a recording, or that a text is translated to."""

    text: str

    def agreement(self, other: "Text") -> float:
        """Whether it is the same text."""
        return float(self.text == other.text)

    def summary(self) -> str:
        """Return the text."""
        return self.text or "(nothing)"


@dataclass(frozen=True)
class Tags(Answer):
    """The class of each step, with the `words` or `times` of the steps where they have any.

    `probabilities` (T,) are there where steps are told by themselves; `entities` (type, first and last step, text) where the
    classes are in the BIO scheme.
    """

    tags: Sequence[str]
    probabilities: Sequence[float] | None = None
    entities: Sequence[Mapping[str, Any]] | None = None
    words: Sequence[str] | None = None
    times: Sequence[str] | None = None

    def agreement(self, other: "Tags") -> float:
        """Of the steps."""
        return same_steps(self.tags, other.tags)

    def lines(self) -> Iterator[Line]:
        """Yield a line for each step."""
        return by_step(word=self.words, time=self.times, tag=self.tags, probability=self.probabilities)

    def summary(self) -> str:
        """Return the entities, or how many steps have each tag."""
        if self.entities is not None:
            return ", ".join(f"{one['type']}: {one['text']}" for one in self.entities) or "no entity"
        return ", ".join(f"{tag} {count}" for tag, count in Counter(self.tags).most_common())


@dataclass(frozen=True)
class Forecast(Answer):
    """By band, for each step to come, the value at each of the `levels` of probability.

    `after` is the last known time, `times` are those of the steps to come.
    """

    levels: Sequence[float]
    forecast: Mapping[str, Sequence[Sequence[float]]]
    after: str | None = None
    times: Sequence[str] | None = None

    def lines(self) -> Iterator[Line]:
        """Yield a line for each step to come and each band, with its time and a column `q0.1` for the level 0.1."""
        columns = [f"q{level:g}" for level in self.levels]
        for band, steps in self.forecast.items():
            for step, values in enumerate(steps, 1):
                known = {} if self.after is None else {"after": self.after}
                at = {} if self.times is None else {"time": self.times[step - 1]}
                yield {**known, "band": band, "step": step, **at, **dict(zip(columns, values, strict=True))}

    def summary(self) -> str:
        """Return the medians of the first and of the last step, by band."""
        middle = len(self.levels) // 2
        ends = ((band, steps[0][middle], steps[-1][middle]) for band, steps in self.forecast.items())
        steps = len(next(iter(self.forecast.values())))
        return (
            ", ".join(f"{band} {first:.4g} … {last:.4g}" for band, first, last in ends) + f" in {steps} steps (median)"
        )


@dataclass(frozen=True)
class Anomalies(Answer):
    """The score of each step, larger where less usual, and whether it is `anomalous` (1, 0): at `threshold` or above."""

    threshold: float
    scores: Sequence[float]
    anomalous: Sequence[int]
    times: Sequence[str] | None = None

    def agreement(self, other: "Anomalies") -> float:
        """Of the steps, which are anomalous and which are not."""
        return same_steps(self.anomalous, other.anomalous)

    def lines(self) -> Iterator[Line]:
        """Yield a line for each step."""
        return by_step(time=self.times, score=self.scores, anomalous=self.anomalous)

    def summary(self) -> str:
        """Return how many steps are anomalous, and the first of them."""
        alarms = [step for step, alarm in enumerate(self.anomalous) if alarm]
        first = f", the first at {self.times[alarms[0]] if self.times else alarms[0]}" if alarms else ""
        return f"{len(alarms)} of {len(self.scores):,} steps at {self.threshold:.4g} or above{first}"


@dataclass(frozen=True)
class Speech(Answer):
    """Where someone speaks in a recording: where each stretch begins and ends, seconds."""

    starts: Sequence[float]
    ends: Sequence[float]

    def lines(self) -> Iterator[Line]:
        """Yield a line for each stretch."""
        for start, end in zip(self.starts, self.ends, strict=True):
            yield {"start": start, "end": end}

    def summary(self) -> str:
        """Return how many stretches there are, and how long they are together."""
        spoken = sum(end - start for start, end in zip(self.starts, self.ends, strict=True))
        return f"{counted(len(self.starts), 'stretch', 'es')} of speech, {spoken:.1f} s"


def same_steps(ours: Sequence[Any], theirs: Sequence[Any]) -> float:
    """Return the share of steps of which the same is said."""
    same = [one == other for one, other in zip(ours, theirs, strict=True)]
    return sum(same) / len(same) if same else 1.0


def by_step(**columns: Sequence[Any] | None) -> Iterator[Line]:
    """Yield a line for each step, with a column for each name that has values."""
    there = {name: values for name, values in columns.items() if values is not None}
    for step, values in enumerate(zip(*there.values(), strict=True)):
        yield {"step": step, **dict(zip(there, values, strict=True))}
