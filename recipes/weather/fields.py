"""Synthetic weather: a map of sixteen channels with tropical cyclones, lows of middle latitudes and their fronts.

Nothing here solves the equations of motion; what belongs together does: the wind turns around lows as the balance of
pressure gradient, Coriolis force and curvature has it (Holton 2004, An Introduction to Dynamic Meteorology, chapter 3),
backing near the ground by friction; tropical cyclones are warm aloft and lows of middle latitudes cold; height follows
pressure and the temperature of the column (hypsometric equation); humidity follows temperature (Clausius and Clapeyron); it
rains in spirals around cyclones and along fronts. The pressure of a vortex has the profile of Holland 1980
(https://doi.org/10.1175/1520-0493(1980)108<1212:AAMOTW>2.0.CO;2).
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from recipes.imagery.generated import Drawn
from recipes.weather.channels import CHANNELS
from zoo.errors import ZooError

#: Raised with every change that changes a pixel.
VERSION = 1
CLASSES = ("background", "cyclone", "front")
#: Pixels lie so many degrees apart, and a degree is so long.
SPACING, DEGREE = 0.5, 111_000.0
OMEGA, DENSITY, GRAVITY, GAS = 7.292e-5, 1.15, 9.81, 287.0
#: Nearer to the equator than this the wind is not taken from pressure, degrees.
LEAST_LATITUDE = 8.0


@dataclass(frozen=True)
class FieldSettings:
    """Maps of `height` × `width` pixels of half a degree, centred on the equator, with up to so many storms of each kind."""

    height: int = 256
    width: int = 384
    tropical: int = 6
    lows: int = 6

    def __post_init__(self) -> None:
        for name, most in (("height", 320), ("width", 720)):
            if not 128 <= getattr(self, name) <= most:
                raise ZooError(
                    f"data.{name}={getattr(self, name)} of a map must be 128 to {most} pixels of half a degree"
                )
        for name in ("tropical", "lows"):
            if not 1 <= getattr(self, name) <= 30:
                raise ZooError(f"data.{name}={getattr(self, name)} must be 1 to 30 storms a map")


@dataclass(frozen=True)
class Vortex:
    """A low at (x, y) degrees: `depth` Pa below its surroundings, fastest wind at `radius` degrees; `tropical` or not."""

    x: float
    y: float
    depth: float
    radius: float
    tropical: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, width: float, tropical: bool) -> "Vortex":
        """Draw a vortex on a map of `width` degrees, on either hemisphere."""
        side = rng.choice([-1, 1])
        place = rng.uniform(0.04, 0.96) * width, side * (rng.uniform(10, 28) if tropical else rng.uniform(36, 55))
        depth = rng.uniform(2500, 7500) if tropical else rng.uniform(1800, 5000)
        return cls(*place, depth, rng.uniform(0.9, 2.0) if tropical else rng.uniform(3.5, 6.0), tropical)

    def around(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the distance in degrees, and its parts eastward and northward; degrees of longitude are shorter."""
        east, north = (x - self.x) * np.cos(np.deg2rad(self.y)), y - self.y
        return np.hypot(east, north), east, north

    def pressure(self, distance: np.ndarray) -> np.ndarray:
        """Return the anomaly of pressure, Pa: Holland's profile with B = 1.5, which ends smoothly."""
        return -self.depth * (1 - np.exp(-((self.radius / np.maximum(distance, 1e-3)) ** 1.5)))

    def wind(self, distance: np.ndarray) -> np.ndarray:
        """Return the speed of the gradient wind, m/s."""
        d = np.maximum(distance, 1e-3)
        ratio = (self.radius / d) ** 1.5
        curved = 1.5 * ratio * self.depth * np.exp(-ratio) / DENSITY  # r/ρ · dp/dr
        half = d * DEGREE * coriolis(np.array(abs(self.y))) / 2
        return np.sqrt(curved + half**2) - half


@dataclass
class State:
    """The fields while they are built, each (H, W); x and y in degrees. `moist` is precipitable water, `rain` in mm/h."""

    x: np.ndarray
    y: np.ndarray
    psl: np.ndarray
    u: np.ndarray
    v: np.ndarray
    surface: np.ndarray
    t500: np.ndarray
    t200: np.ndarray
    moist: np.ndarray
    rain: np.ndarray
    mask: np.ndarray


def coriolis(latitude: np.ndarray) -> np.ndarray:
    """Return the Coriolis parameter, 1/s, kept away from 0 at the equator."""
    sine = np.sin(np.deg2rad(latitude))
    least = np.sin(np.deg2rad(LEAST_LATITUDE))
    return 2 * OMEGA * np.where(sine >= 0, np.maximum(sine, least), np.minimum(sine, -least))


def smooth(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> np.ndarray:
    """Return noise of deviation 1 that is smooth over `scale` pixels."""
    noise = gaussian_filter(rng.normal(size=shape), scale, mode="wrap")
    return noise / noise.std()


def background(rng: np.random.Generator, H: int, W: int) -> State:
    """Draw the state without storms: belts of pressure and temperature with planetary waves, and wind in balance with them."""
    y, x = np.mgrid[:H, :W] * SPACING
    y = (H - 1) * SPACING / 2 - y  # north is up
    warm = np.cos(np.deg2rad(y)) ** 2
    psl = 101_200 + 900 * np.cos(np.deg2rad(6 * (np.abs(y) - 30))) * np.exp(-(((np.abs(y) - 30) / 25) ** 2))
    psl = psl - 900 * np.exp(-(((np.abs(y) - 60) / 12) ** 2)) + 250 * smooth(rng, (H, W), 22)
    f = coriolis(y)
    step = SPACING * DEGREE
    north, east = -np.gradient(psl, step, axis=0), np.gradient(psl, step, axis=1) / np.cos(np.deg2rad(y))
    u, v = -north / (DENSITY * f), east / (DENSITY * f)
    near = 1 - np.exp(-((y / 10) ** 2))
    u = u * near - 5 * (1 - near)  # trade winds from the east
    surface = 256 + 46 * warm + 2.5 * smooth(rng, (H, W), 18) + 0.6 * smooth(rng, (H, W), 4)
    t500 = 240 + 28 * warm + 1.8 * smooth(rng, (H, W), 20)
    t200 = 219 - 3 * warm + 1.5 * smooth(rng, (H, W), 20)
    moist = 48 * warm**3 * (1 + 0.18 * smooth(rng, (H, W), 14)) + 4 + 1.5 * smooth(rng, (H, W), 3)
    rain = np.maximum(0, smooth(rng, (H, W), 5) - 1.3) * 1.5 * np.exp(-((y / 15) ** 2))
    return State(x, y, psl, u, v * near, surface, t500, t200, moist, rain, np.zeros((H, W), np.uint8))


def add_vortex(state: State, vortex: Vortex, rng: np.random.Generator) -> None:
    """Add a vortex to all fields; it is marked out to where its wind has fallen well below its greatest."""
    distance, east, north = vortex.around(state.x, state.y)
    turn = np.sign(vortex.y)  # counter-clockwise in the north
    speed = vortex.wind(distance) * turn * np.exp(-((distance / (9 * vortex.radius)) ** 2))
    safe = np.maximum(distance, 1e-3)
    state.psl += vortex.pressure(distance) * np.exp(-((distance / (7 * vortex.radius)) ** 2))
    state.u += -speed * north / safe
    state.v += speed * east / safe
    core = np.exp(-((distance / (2 * vortex.radius)) ** 2))
    angle = np.arctan2(north, east)
    arms = 1 if not vortex.tropical else 2
    spiral = np.cos(arms * (angle - turn * 1.8 * np.log(safe / vortex.radius + 0.3)) + rng.uniform(0, 2 * np.pi))
    if vortex.tropical:
        state.t500 += 4.0 * core * vortex.depth / 5000
        state.t200 += 6.0 * core * vortex.depth / 5000
        wide = np.exp(-((distance / (3.5 * vortex.radius)) ** 2))
        state.moist += 14 * wide * (1 + 0.3 * spiral)
        state.rain += 12 * wide * np.clip(0.35 + spiral, 0, None) * (distance > 0.25 * vortex.radius)
    else:
        state.t500 -= 5.0 * core
        state.t200 += 5.0 * core  # the tropopause comes down
        state.moist += 5 * core * (1 + 0.5 * spiral)
        state.rain += 1.5 * core * np.clip(spiral, 0, None)
    state.mask[distance < (3.0 if vortex.tropical else 1.3) * vortex.radius] = 1


def add_front(state: State, low: Vortex, rng: np.random.Generator) -> None:
    """Add the cold front that trails from a low toward the equator: moist and warm before it, cold and dry behind it."""
    turn = np.sign(low.y)
    length, bend, slope = rng.uniform(14, 24), rng.uniform(4, 12), rng.uniform(0.1, 0.5)
    along = (low.y - state.y) * turn  # degrees toward the equator
    share = along / length
    line = (
        low.x
        + 1.2 * low.radius / np.cos(np.deg2rad(low.y)) * np.clip(share * 6, 0, 1)
        - along * slope
        - bend * share**2
    )
    wavy = 0.5 * smooth(rng, state.x.shape, 12)
    across = (state.x - line + wavy) * np.cos(np.deg2rad(state.y))  # degrees to the east of it
    ends = np.clip(share * 8, 0, 1) * np.clip((1 - share) * 6, 0, 1)
    width = rng.uniform(1.4, 2.2)
    band = ends * np.exp(-((across / width) ** 2))
    contrast = ends * np.tanh(across / width) * np.exp(-((across / 7) ** 2))
    state.surface += 4.0 * contrast
    state.t500 += 2.5 * contrast
    state.moist += 26 * band + 4 * contrast
    state.rain += 4 * band * np.clip(0.8 + 0.6 * smooth(rng, state.x.shape, 3), 0, None)
    state.psl -= 350 * band
    state.v += turn * 14 * ends * np.exp(-(((across - 0.5) / 2) ** 2))  # the jet of warm air ahead of it
    state.u += 6 * band
    state.mask[(band > 0.3) & (state.mask == 0)] = 2


def draw(settings: FieldSettings, seed: int) -> Drawn:
    """Draw the map of a seed: channels (16, H, W) in [0, 1] by the ranges of `CHANNELS`, and its mask (H, W)."""
    rng = np.random.default_rng(seed)
    state = background(rng, settings.height, settings.width)
    span = settings.width * SPACING
    lows = [Vortex.drawn(rng, span, False) for _ in range(rng.integers((settings.lows + 1) // 2, settings.lows + 1))]
    storms = [
        Vortex.drawn(rng, span, True) for _ in range(rng.integers((settings.tropical + 1) // 2, settings.tropical + 1))
    ]
    for vortex in (*lows, *storms):
        add_vortex(state, vortex, rng)
    for low in lows:
        add_front(state, low, rng)
    fields = measured(state, rng)
    scaled = [(fields[name] - channel.low) / (channel.high - channel.low) for name, channel in CHANNELS.items()]
    return Drawn(np.clip(np.stack(scaled), 0, 1).astype(np.float32), state.mask)


def measured(state: State, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the channels in their units, each with a little noise of its own."""
    H, W = state.psl.shape
    land = np.clip(smooth(rng, (H, W), 16) - 0.6, 0, None)
    hills = 500 * land**1.5 * (1 + 0.3 * smooth(rng, (H, W), 3))
    air = state.surface - 1.0 - 0.0065 * np.clip(hills, 0, None)
    backing = np.deg2rad(22) * np.sign(state.y)  # friction turns the wind toward the low
    u, v = (gusty + 0.8 * smooth(rng, (H, W), 2) for gusty in (state.u, state.v))
    slow = 0.7 / (1 + 0.3 * land)
    ubot = slow * (u * np.cos(backing) - v * np.sin(backing))
    vbot = slow * (u * np.sin(backing) + v * np.cos(backing))
    column = (air + state.t500 + state.t200) / 3
    z1000 = GAS * air / GRAVITY * np.log(state.psl / 100_000)
    saturated = 611 * np.exp(17.27 * (air - 273.15) / (air - 35.85))  # Pa
    humidity = np.clip(0.55 + 0.006 * state.moist + 0.03 * smooth(rng, (H, W), 4), 0.2, 1)
    return {
        "tmq": np.clip(state.moist, 0.5, None),
        "u850": u,
        "v850": v,
        "ubot": ubot + 0.4 * smooth(rng, (H, W), 1),
        "vbot": vbot + 0.4 * smooth(rng, (H, W), 1),
        "qrefht": 0.622 * humidity * saturated / state.psl,
        "ps": state.psl * np.exp(-GRAVITY * np.clip(hills, 0, None) / (GAS * air)),
        "psl": state.psl,
        "t200": state.t200 + 0.3 * smooth(rng, (H, W), 2),
        "t500": state.t500 + 0.2 * smooth(rng, (H, W), 2),
        "prect": state.rain / 3.6e6,
        "ts": state.surface - 0.0065 * np.clip(hills, 0, None) + 1.5 * land,
        "trefht": air,
        "z1000": z1000,
        "z200": z1000 + GAS * column / GRAVITY * np.log(5.0),
        "zbot": 60 * air / 285,
    }
