"""A made-up world: small pictures of signs at three places through a year, in which seasons, sensors and classes change.

Signs are drawn on a background that has the season's light and the place's ground; what changes, and when, is a `Year`. All
is drawn from a seed. It is invented: it shows whether the loop works, and not what any real camera would see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

SIDE = 32
#: The classes of the beginning, and the one that comes later.
CLASSES, LATER = ("circle", "cross", "square", "triangle"), "ring"
PLACES, LATE_PLACE = ("north", "south"), "harbour"
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 365


@dataclass(frozen=True)
class Year:
    """What changes, and in which of the `steps`; labels come `delay` steps late, and the share `noise` of them is wrong."""

    steps: int = 12
    inputs: int = 120
    sensor: int = 3
    place: int = 5
    new_class: int = 7
    delay: int = 1
    noise: float = 0.03
    budget: int = 40


@dataclass(frozen=True)
class Shot:
    """One picture (S, S, 3) uint8, with what it shows, where and when."""

    picture: np.ndarray
    label: str
    place: str
    time: datetime


@dataclass(frozen=True)
class Look:
    """How things look: `light` and `contrast` of the season, `gain` (3,), blur and noise of the sensor, ground of the place."""

    light: float
    contrast: float
    gain: Sequence[float] = (1.0, 1.0, 1.0)
    blurred: bool = False
    noise: float = 0.03
    inverted: bool = False
    ground: float = 0.0


def sign(label: str, rng: np.random.Generator) -> np.ndarray:
    """Return how much of each pixel (S, S) a sign covers, at a place and of a size that are drawn."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    cx, cy = rng.uniform(12, SIDE - 12, 2)
    r, turn = rng.uniform(6, 10), rng.uniform(-0.35, 0.35)
    u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
    v = -(x - cx) * np.sin(turn) + (y - cy) * np.cos(turn)
    away = np.hypot(u, v)
    inside: Mapping[str, np.ndarray] = {
        "circle": r - away,
        "cross": np.maximum(np.minimum(r - abs(u), 0.3 * r - abs(v)), np.minimum(r - abs(v), 0.3 * r - abs(u))),
        "square": 0.85 * r - np.maximum(abs(u), abs(v)),
        "triangle": np.minimum(0.75 * r - v, 0.5 * (v + r) - abs(u)),
        LATER: 0.25 * r - abs(away - 0.75 * r),
    }
    return np.clip(inside[label] + 0.5, 0, 1)


def draw(label: str, look: Look, rng: np.random.Generator) -> np.ndarray:
    """Return a picture (S, S, 3) uint8 of a sign under a look."""
    cover = sign(label, rng)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    waves = look.ground * np.sin((x * rng.uniform(0.6, 0.9) + y * rng.uniform(0.2, 0.5)) + rng.uniform(0, 6))
    base = look.light + 0.5 * waves + rng.normal(0, 0.02)
    value = base + look.contrast * (cover if not look.inverted else -cover)
    pixels = value[..., None] * np.array(look.gain) + rng.normal(0, 0.02, 3)
    if look.blurred:
        pixels = (pixels + np.roll(pixels, 1, 0) + np.roll(pixels, 1, 1) + np.roll(pixels, (1, 1), (0, 1))) / 4
    pixels = pixels + rng.normal(0, look.noise, pixels.shape)
    return np.clip(pixels * 255, 0, 255).astype(np.uint8)


def look_at(year: Year, step: int, place: str) -> Look:
    """Return how a place looks in a step of the year: dark winters, and since `sensor` another camera in the south."""
    season = np.cos(2 * np.pi * step / year.steps)  # 1 in winter, -1 in summer
    look = Look(light=0.35 - 0.15 * season, contrast=0.35 - 0.05 * season)
    if place == "south" and step >= year.sensor:
        look = Look(look.light + 0.1, 0.8 * look.contrast, (1.15, 0.9, 0.7), True, 0.09)
    if place == LATE_PLACE:
        look = Look(look.light + 0.3, look.contrast, look.gain, False, 0.05, True, 0.25)
    return look


def shots(year: Year, step: int, rng: np.random.Generator, count: int) -> Iterator[Shot]:
    """Yield pictures of one step of the year, in the order of their times."""
    places = [*PLACES, *([LATE_PLACE] if step >= year.place else [])]
    labels = [*CLASSES, *([LATER] if step >= year.new_class else [])]
    span = timedelta(days=DAYS / year.steps)
    for number in range(count):
        place, label = str(rng.choice(places)), str(rng.choice(labels))
        time = BEGIN + span * step + span * (number / count)
        yield Shot(draw(label, look_at(year, step, place), rng), label, place, time)


def before(year: Year, rng: np.random.Generator, count: int) -> Iterator[Shot]:
    """Yield pictures of the winter before, which the first model learns from."""
    for _ in range(count):
        place, label = str(rng.choice(PLACES)), str(rng.choice(CLASSES))
        winter = look_at(Year(year.steps, sensor=year.steps), 0, place)
        yield Shot(draw(label, winter, rng), label, place, BEGIN - timedelta(days=30))


def said_wrongly(label: str, known: Sequence[str], noise: float, rng: np.random.Generator) -> str:
    """Return a label as a person says it, who is wrong in the share `noise` of all cases."""
    others = [one for one in known if one != label]
    return str(rng.choice(others)) if rng.random() < noise else label


@dataclass
class Curves:
    """The accuracy of each arm by step, and what happened."""

    accuracy: dict[str, list[float]] = field(default_factory=dict)
    events: list[tuple[int, str]] = field(default_factory=list)

    def area(self, arm: str) -> float:
        """Return the area under the accuracy of an arm, as its mean."""
        return float(np.mean(self.accuracy[arm]))
