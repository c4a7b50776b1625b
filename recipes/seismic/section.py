"""A synthetic seismic section: layers that are folded, sheared, faulted, pierced by salt, and seen through a wavelet.

Wu et al. 2019, “FaultSeg3D: using synthetic data sets to train an end-to-end convolutional neural network for 3D seismic
fault segmentation”, https://doi.org/10.1190/geo2018-0646.1, whose workflow is followed in two dimensions: random
reflectivity, folding by Gaussians and shear, planar faults with displacement, a Ricker wavelet after folding and faulting,
noise. Salt is ours: a body without layers, with a strong reflection at its edge, that drags the layers up.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from scipy.signal import fftconvolve

from recipes.imagery.generated import Drawn
from zoo.errors import ZooError

#: Raised with every change that changes a pixel.
VERSION = 1
CLASSES = ("background", "fault", "salt")
#: Amplitudes are in standard deviations; these become [0, 1].
VALUE_RANGE = (-4.0, 4.0)
#: A fault that moves the layers less than this is not seen, and is not marked, pixels.
VISIBLE = 5.0
#: Samples of the reflectivity a pixel: layers are thinner than pixels.
FINE = 4


@dataclass(frozen=True)
class SectionSettings:
    """Sections of `height` samples × `width` traces.

    A section has up to `faults` faults and, with probability `salt`, a body of salt. `snr` is the ratio of the variances of
    signal and noise, drawn from half to twice. A fault is marked `fault_width` pixels wide.
    """

    height: int = 256
    width: int = 384
    faults: int = 5
    salt: float = 0.4
    snr: float = 4.0
    fault_width: float = 3.0

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if not 64 <= getattr(self, name) <= 4096:
                raise ZooError(f"data.{name}={getattr(self, name)} of a section must be 64 to 4096 pixels")
        if not 0 <= self.faults <= 20:
            raise ZooError(f"data.faults={self.faults} must be 0 to 20 a section")
        if not 0 <= self.salt <= 1:
            raise ZooError(f"data.salt={self.salt} is the share of sections with salt; it must be 0 to 1")
        if not self.snr > 0 or not self.fault_width >= 1:
            raise ZooError(
                f"data.snr={self.snr} must be above 0 and data.fault_width={self.fault_width} at least 1 pixel"
            )


@dataclass(frozen=True)
class Fault:
    """A plane, in the section a line through (x, z) of a dip in radians, along which what is above it slides down it.

    The displacement is `throw` pixels at (x, z) and fades along the line by a Gaussian of `reach` pixels; negative throws
    are reverse faults.
    """

    x: float
    z: float
    dip: float
    throw: float
    reach: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, height: int, width: int) -> "Fault":
        """Draw a fault of a section."""
        dip = np.deg2rad(rng.uniform(50, 82)) * rng.choice([-1, 1])
        throw = rng.uniform(10, 30) * rng.choice([1, 1, 1, -1])
        place = rng.uniform(0.05, 0.95) * width, rng.uniform(0.25, 0.75) * height
        return cls(*place, dip, throw, rng.uniform(0.35, 0.9) * height)

    def along(self, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distances from the line, positive above it, and the displacement along it, both in pixels."""
        dx, dz = x - self.x, z - self.z
        across = dx * abs(np.sin(self.dip)) * np.sign(self.dip) - dz * np.cos(self.dip)
        along = dx * np.cos(self.dip) * np.sign(self.dip) + dz * abs(np.sin(self.dip))
        return across, self.throw * np.exp(-(along**2) / (2 * self.reach**2))

    def moved(self, x: np.ndarray, z: np.ndarray, above: np.ndarray, slip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where what is at x, z was before the fault: only what is above it has moved."""
        slid = np.where(above > 0, slip, 0.0)
        return x - slid * np.cos(self.dip) * np.sign(self.dip), z - slid * abs(np.sin(self.dip))


def draw(settings: SectionSettings, seed: int) -> Drawn:
    """Draw the section of a seed: amplitudes (1, H, W) in standard deviations, and its mask (H, W)."""
    rng = np.random.default_rng(seed)
    H, W = settings.height, settings.width
    z, x = np.mgrid[:H, :W].astype(float)
    salt, x_before, z_before = pierced(rng, settings, x, z)
    marked = np.zeros((H, W), bool)
    for _ in range(int(rng.integers(1, settings.faults + 1)) if settings.faults else 0):
        fault = Fault.drawn(rng, H, W)
        across, slip = fault.along(x_before, z_before)
        marked |= (np.abs(across) <= settings.fault_width / 2) & (np.abs(slip) >= VISIBLE)
        x_before, z_before = fault.moved(x_before, z_before, across, slip)
    depth = unfolded(rng, x_before, z_before, H, W)
    seen = through_wavelet(rng, in_salt(rng, layers(rng, depth, H), salt))
    seen += noise(rng, seen, settings.snr)
    mask = np.where(salt > 0.5, 2, marked).astype(np.uint8)
    return Drawn((seen / seen.std()).astype(np.float32)[None], mask)


def unfolded(rng: np.random.Generator, x: np.ndarray, z: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the depth (H, W) that each place had when the layers were flat: Gaussian folds that grow downwards, and shear."""
    shift = rng.uniform(-0.15, 0.15) * (x - width / 2)
    growing = 0.4 + 1.1 * z / height
    for _ in range(int(rng.integers(3, 8))):
        centre, spread = rng.uniform(-0.1, 1.1) * width, rng.uniform(0.06, 0.25) * width
        shift += growing * rng.uniform(-0.08, 0.08) * height * np.exp(-((x - centre) ** 2) / (2 * spread**2))
    return z - shift


def layers(rng: np.random.Generator, depth: np.ndarray, height: int) -> np.ndarray:
    """Return the reflectivity (H, W) of layers of random thickness and contrast at depths of the flat pile.

    The pile has groups of layers, some loud and some quiet, as formations have.
    """
    length = 4 * height * FINE
    thickness = np.maximum(1, rng.gamma(2.0, 2.5 * FINE / 2, length // FINE)).astype(int)
    borders = np.cumsum(thickness)
    borders = borders[borders < length]
    loudness = np.exp(0.45 * gaussian_filter1d(rng.normal(size=length), 25 * FINE) * np.sqrt(50 * FINE))
    pile = np.zeros(length)
    pile[borders] = rng.uniform(-1, 1, len(borders))
    pile = gaussian_filter1d(pile * np.clip(loudness, 0.4, 2.5), FINE / 2)
    return np.interp((depth + 1.5 * height) * FINE, np.arange(length), pile)


def pierced(
    rng: np.random.Generator, settings: SectionSettings, x: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how much salt is where (H, W) in [0, 1], and where what is around it was before it rose."""
    if rng.random() >= settings.salt:
        return np.zeros_like(x), x, z
    H, W = settings.height, settings.width
    centre, top = rng.uniform(0.2, 0.8) * W, rng.uniform(0.25, 0.6) * H
    wide, tall = rng.uniform(0.08, 0.18) * W, rng.uniform(0.6, 1.0) * H
    angle = np.arctan2((z - top - tall / 2) / tall, (x - centre) / wide)
    wobble = sum(
        rng.uniform(-0.12, 0.12) / order * np.cos(order * angle + rng.uniform(0, 2 * np.pi)) for order in range(2, 7)
    )
    radius = np.hypot((x - centre) / wide, (z - top - tall / 2) / (tall / 2)) / (1 + wobble)
    salt = gaussian_filter((radius < 1).astype(float), 0.7)
    lift = 0.12 * H * np.exp(-((x - centre) ** 2) / (2 * (1.3 * wide) ** 2)) * np.clip(z / H, 0, 1)
    return salt, x, z + lift


def in_salt(rng: np.random.Generator, reflectivity: np.ndarray, salt: np.ndarray) -> np.ndarray:
    """Return the reflectivity with salt in it: next to nothing inside, and its edge as loud as the loudest layers."""
    edge = 1.6 * np.gradient(salt, axis=0) * np.abs(reflectivity).max()
    weak = 0.04 * reflectivity.std() * rng.normal(size=reflectivity.shape)
    return (1 - salt) * reflectivity + salt * weak + edge


def through_wavelet(rng: np.random.Generator, reflectivity: np.ndarray) -> np.ndarray:
    """Convolve each trace with a Ricker wavelet, whose peak has 9 to 16 pixels a cycle."""
    frequency = 1 / rng.uniform(9, 16)
    t = np.arange(-24, 25)
    phase = (np.pi * frequency * t) ** 2
    ricker = (1 - 2 * phase) * np.exp(-phase)
    return fftconvolve(reflectivity, ricker[:, None], mode="same", axes=0)


def noise(rng: np.random.Generator, seen: np.ndarray, snr: float) -> np.ndarray:
    """Return noise of the band of the data, smooth over neighbouring traces, and weak grains."""
    ratio = snr * 2 ** rng.uniform(-1, 1)
    white = rng.normal(size=seen.shape)
    banded = gaussian_filter(white, (1.5, 1.0)) - gaussian_filter(white, (4.0, 1.0))
    grains = banded / banded.std() + 0.3 * rng.normal(size=seen.shape)
    return grains / grains.std() * seen.std() / np.sqrt(ratio)
