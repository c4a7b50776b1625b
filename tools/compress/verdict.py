"""Whether a compressed model is kept: the rule, what was measured of each candidate, and the decision with its reason."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

#: JSON has no word for what is not a number.
Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
#: What is timed: the clock, or, where others have the processor too, the seconds that it spends.
Clock = Literal["clock", "processor"]
#: A value, and the ends of its 95 % interval.
Interval = tuple[Number, Number, Number]


@dataclass(frozen=True)
class Limits:
    """How much of the headline metric may be lost, and on how many redrawn validation sets that is judged.

    `max_drop` is a share of `whole`: 1 or 100 where the metric is a share or points, the value itself where it has a unit.
    """

    max_drop: float = 0.005
    rounds: int = 200
    whole: float = 1.0

    @property
    def least(self) -> float:
        """What may be lost, in the unit of the metric."""
        return self.max_drop * self.whole

    @property
    def rule(self) -> str:
        """The rule in words."""
        share = "" if self.whole == 1 else f" ({self.max_drop:.2%} of {self.whole:.4g})"
        return (
            f"kept if at most {self.least:.3g} of the metric{share} is lost on the validation samples, and at most "
            f"{2 * self.least:.3g} at the worse end of the 95 % interval of {self.rounds} paired redraws"
        )

    def refusal(self, change: Interval) -> str:
        """Return what speaks against a change of the metric, "" if nothing does; one that is not defined is no evidence."""
        value, low, _ = change
        if not value >= -self.least:
            return f"{value:+.4f}"
        return "" if low >= -2 * self.least else f"the interval reaches {low:+.4f}"


class Facts(BaseModel):
    """Frozen, and of known fields alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Speed(Facts):
    """What an answer to one sample takes by the run's own threads, seconds; samples a second by so many threads.

    `rival` is the form that it has to beat, `ratio` how many times as fast it is, both timed in turns. The `clock` is that of
    the processor where others had it too; `joules` of one answer are told only by a processor that nobody else uses.
    """

    clock: Clock = "clock"

    p50: Number
    p95: Number
    a_second: Mapping[str, Number]
    joules: Number | None = None
    rival: str = ""
    ratio: Interval | None = None

    def refusal(self) -> str:
        """Return why the form is not worth it, "" if it is: it must be faster, and not by chance."""
        if self.ratio is None or self.ratio[1] > 1:
            return ""
        value, low, high = self.ratio
        return f"{value:.2f}× as fast as {self.rival} ({low:.2f} to {high:.2f}), which is no gain"


class Pruned(Facts):
    """A run without some of its channels: multiply-adds of a sample seen once, `of` those of the run that it was made of.

    `sensitivity` is by group of channels what the metric loses when the share `probed` of them alone goes, without training;
    `channels` are by layer how many it gives and how many it gave; `epochs` are those of the training in between.
    """

    multiply_adds: int
    of: int
    epochs: int
    probed: Number
    sensitivity: Mapping[str, Number]
    channels: Mapping[str, tuple[int, int]]

    @property
    def gone(self) -> float:
        """The share of the multiply-adds that is gone."""
        return 1 - self.multiply_adds / self.of


class Candidate(Facts):
    """A form of a model, as it was judged on the validation samples; the original is held against itself.

    `places` are the metric of the samples of each place, where the data have places. `agreement` is the mean over samples of
    what it says as the original does, `worst` the samples of the least. `layers` are the counts of layers by the type that
    they are computed in, `floats` those that are not in 8 bits. `multiply_adds` are told of a pruned network.
    """

    name: str
    value: Number
    interval: Interval
    change: Interval
    metrics: Mapping[str, Number]
    places: Mapping[str, Number] = Field(default_factory=dict)
    bytes: int
    refusal: str = ""
    agreement: Number | None = None
    worst: tuple[tuple[str, Number], ...] = ()
    calibration_error: Number | None = None
    speed: Speed | None = None
    memory: int | None = None
    layers: Mapping[str, int] = Field(default_factory=dict)
    floats: tuple[str, ...] = ()
    multiply_adds: int | None = None

    @property
    def accepted(self) -> bool:
        """Whether the rule holds."""
        return not self.refusal

    @property
    def verdict(self) -> str:
        """The decision, with the number that decided."""
        return f"refused: {self.refusal}" if self.refusal else "accepted"
