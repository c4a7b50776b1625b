"""Patterns of ground: which pixels of a patch are painted, in which material and brightness."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from recipes.imagery.scene import Window
from recipes.scenes.noise import fractal
from recipes.scenes.things import Patch

#: Where, the material, and what its brightness is multiplied with.
Painted = tuple[np.ndarray, str, float | np.ndarray]
Pattern = Callable[[Patch, np.ndarray, np.ndarray, Window], Iterator[Painted]]


def inside(patch: Patch, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return where the rectangle of the patch is."""
    return (np.abs(u) <= patch.length / 2) & (np.abs(v) <= patch.width / 2)


def seed_of(patch: Patch) -> int:
    """Return a number that belongs to the place of the patch."""
    return int(abs(patch.frame.x) * 97 + abs(patch.frame.y) * 389)


def plain(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """The whole rectangle."""
    yield inside(patch, u, v), patch.material, 1.0


def slabs(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """Slabs with dark joints, `pitch` apart."""
    joints = (np.mod(u, patch.pitch) < 1) | (np.mod(v, patch.pitch) < 1)
    yield inside(patch, u, v), patch.material, np.where(joints, 0.86, 1.0).astype(np.float32)


def stalls(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """Only lines: between stalls, `pitch` apart, and between the two rows."""
    width = 0.055 * patch.pitch
    stalls = int((patch.length) // patch.pitch)
    phase = np.mod(u + (stalls % 2) * patch.pitch / 2 + patch.pitch / 2, patch.pitch)
    between = np.abs(phase - patch.pitch / 2) < width
    within = np.abs(u) <= stalls * patch.pitch / 2 + width
    yield inside(patch, u, v) & within & (between | (np.abs(v) < width)), patch.material, 0.8


def road(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """A road with a broken line along its middle."""
    yield inside(patch, u, v), patch.material, 1.0
    dashes = (np.mod(u, patch.pitch) < patch.pitch / 2) & (np.abs(u) < patch.length / 2 - 1.5 * patch.width)
    yield dashes & (np.abs(v) < 0.025 * patch.width), "line", 0.8


def rough(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """A rectangle whose edges are worn."""
    worn = 1 + 0.25 * fractal(seed_of(patch), window, max(4.0, patch.width / 3), 2)
    yield (np.abs(u) <= patch.length / 2 * worn) & (np.abs(v) <= patch.width / 2 * worn), patch.material, 1.0


def pool(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """A rounded shape with a shore of bays."""
    bays = 1 + 0.7 * fractal(seed_of(patch), window, max(4.0, patch.width / 2), 3)
    yield np.square(2 * u / patch.length) + np.square(2 * v / patch.width) <= bays, patch.material, 1.0


def wake(patch: Patch, u: np.ndarray, v: np.ndarray, window: Window) -> Iterator[Painted]:
    """Foam behind a ship, which lies ahead at u = length / 2: it widens and thins out."""
    age = 0.5 - u / patch.length  # 0 at the ship
    spread = patch.width * (0.22 + 0.28 * age)
    foam = value(patch, window) > 0.9 * age - 0.35
    yield (age >= 0) & (age <= 1) & (np.abs(v) <= spread) & foam, patch.material, 0.75


def value(patch: Patch, window: Window) -> np.ndarray:
    """Return fine noise (H, W) for foam."""
    return fractal(seed_of(patch), window, max(2.0, patch.width / 5), 2)


PATTERNS: Mapping[str, Pattern] = {
    "plain": plain,
    "slabs": slabs,
    "stalls": stalls,
    "road": road,
    "rough": rough,
    "pool": pool,
    "wake": wake,
}
