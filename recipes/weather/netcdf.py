"""The user's own fields from a NetCDF file: a variable a channel, a variable that is the mask, a map for each time.

Read through xarray (the extra `weather`), so that groups of conventions, scales and fill values are its business; the maps
are kept in the cache as rasters, which training reads window by window.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recipes.imagery.generated import named
from recipes.imagery.scene import Scene
from recipes.imagery.writing import write_raster
from recipes.kit.split import SPLITS, Split
from recipes.weather.channels import CHANNELS
from zoo.errors import ZooError, near
from zoo.files import cache_place
from zoo.segmentation import BACKGROUND, IGNORED

#: Channels that are not known by name become [0, 1] between these quantiles of the training maps.
QUANTILES = (0.001, 0.999)
ENGINES = {b"CDF": "scipy", b"\x89HDF": "h5netcdf"}


@dataclass(frozen=True)
class NetcdfFile:
    """A NetCDF file, the name of the variable that is the mask, names of its classes, and the shares of the splits."""

    path: Path
    mask: str | None
    classes: Sequence[str] | None
    ratios: tuple[float, ...] = (0.7, 0.15, 0.15)


def open_netcdf(path: Path) -> Any:
    """Open a NetCDF file with xarray; ZooError where it is not one, or where the extra is not installed."""
    if not path.is_file():
        raise ZooError(f"data.root={path} does not exist; name a NetCDF file")
    try:
        import xarray
    except ImportError as error:
        raise ZooError("data.root needs xarray; install it with: pip install 'task-zoo[weather]'") from error
    with path.open("rb") as stream:
        head = stream.read(4)
    engine = next((engine for start, engine in ENGINES.items() if head.startswith(start)), None)
    if engine is None:
        raise ZooError(f"data.root={path} is no NetCDF file: it begins with {head!r}")
    try:
        return xarray.open_dataset(path, engine=engine)
    except ImportError as error:
        raise ZooError("NetCDF 4 needs h5netcdf; install it with: pip install 'task-zoo[weather]'") from error
    except (OSError, ValueError) as error:
        raise ZooError(f"data.root={path} cannot be read as NetCDF ({error}); replace it") from error


def read_netcdf(file: NetcdfFile, bands: Sequence[str] | None = None) -> Split[Scene]:
    """Return the maps of a file by split: the first times train, the last ones test, with a map between them left out."""
    with open_netcdf(file.path) as data:
        mask = mask_of(data, file)
        names = channels_of(data, mask, bands)
        classes, numbers = classes_of(mask, file.classes)
        times = parts(mask.sizes[mask.dims[0]], file)
        ranges = [range_of(data[name], times["train"]) for name in names]
        digest = digest_of(file, names, ranges, numbers)
        scenes = {
            split: [scene_of(data, mask, names, ranges, numbers, digest, index) for index in those]
            for split, those in times.items()
        }
    counts = ", ".join(f"{split} {len(those)}" for split, those in times.items())
    note = f"split by time, neighbours of another split left out: {counts}"
    scaled = ", ".join(f"{name} {low:.4g} to {high:.4g}" for name, (low, high) in zip(names, ranges, strict=True))
    return Split(scenes, classes, tuple(names), (note, f"values that become [0, 1]: {scaled}"))


def mask_of(data: Any, file: NetcdfFile) -> Any:
    """Return the variable that is the mask: (time, latitude, longitude)."""
    variables = [str(name) for name in data.data_vars]
    if file.mask is None:
        raise ZooError(
            f"data.mask=… is missing: the variable of {file.path.name} with the classes; it has {', '.join(variables)}"
        )
    if file.mask not in variables:
        raise ZooError(
            f"data.mask={file.mask} is no variable of {file.path.name}{near(file.mask, variables)};"
            f" it has {', '.join(variables)}"
        )
    mask = data[file.mask]
    if mask.ndim != 3:
        raise ZooError(
            f"data.mask={file.mask} has the dimensions {mask.dims}; it must have three: time, latitude, longitude"
        )
    return mask


def channels_of(data: Any, mask: Any, bands: Sequence[str] | None) -> list[str]:
    """Return the channels: those asked for, else all variables with the dimensions of the mask."""
    there = {str(name).lower(): str(name) for name in data.data_vars if data[name].dims == mask.dims}
    there.pop(str(mask.name).lower(), None)
    if not there:
        others = ", ".join(f"{name} {data[name].dims}" for name in data.data_vars)
        raise ZooError(f"no variable has the dimensions of the mask, {mask.dims}: {others}; choose levels first")
    for name in bands or ():
        if name.lower() not in there:
            known = ", ".join(there.values())
            raise ZooError(f"data.bands names {name!r}, which has not the dimensions of the mask; there are {known}")
    known_first = [there[name] for name in CHANNELS if name in there]
    rest = [name for key, name in there.items() if key not in CHANNELS]
    return [there[name.lower()] for name in bands] if bands else known_first + rest


def classes_of(mask: Any, named_: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return names and values of the classes: as told, or by CF's flag_values and flag_meanings, or numbered."""
    found = np.unique(mask.values)
    values = [int(value) for value in found[np.isfinite(found)] if int(value) != IGNORED]
    numbered = (BACKGROUND, *(f"class{number}" for number in range(1, max(values, default=0) + 1)))
    flags = flags_of(mask) if named_ is None else {name: number for number, name in enumerate(named_)}
    flags = flags or {name: number for number, name in enumerate(numbered)}
    strange = [value for value in values if value not in flags.values()]
    if strange:
        raise ZooError(
            f"data.mask={mask.name} holds the values {strange[:5]} that are none of the classes "
            f"{', '.join(f'{n} ({v})' for n, v in flags.items())}; name them all with data.classes=[…]"
        )
    if len(values) < 2:
        raise ZooError(f"data.mask={mask.name} shows one class only ({values}); segmentation needs two at least")
    return tuple(flags), tuple(flags.values())


def flags_of(mask: Any) -> dict[str, int]:
    """Return the values that the names in a variable's flag_meanings stand for; nothing where it has none."""
    meanings = str(mask.attrs.get("flag_meanings", "")).split()
    values = [int(value) for value in np.atleast_1d(mask.attrs.get("flag_values", range(len(meanings))))]
    if len(set(meanings)) != len(meanings) or len(meanings) != len(values):
        raise ZooError(
            f"data.mask={mask.name} has the flag_meanings {', '.join(meanings)} for the flag_values {values}; each value needs "
            "one name of its own, or name the classes with data.classes=[…]"
        )
    return dict(zip(meanings, values, strict=True))


def parts(count: int, file: NetcdfFile) -> dict[str, list[int]]:
    """Return the times of each split, one after the other with one left out between them."""
    if count < 5:
        raise ZooError(f"data.root={file.path.name} has {count} times; train, val and test with one between need 5")
    first = max(1, round(file.ratios[0] * (count - 2)))
    second = max(1, round(file.ratios[1] * (count - 2)))
    first = min(first, count - 2 - second - 1)
    starts = {"train": (0, first), "val": (first + 1, second), "test": (first + second + 2, count - first - second - 2)}
    return {split: list(range(starts[split][0], sum(starts[split]))) for split in SPLITS}


def range_of(variable: Any, times: Sequence[int]) -> tuple[float, float]:
    """Return the values of a channel that become 0 and 1: the declared ones, or quantiles of the training maps."""
    channel = CHANNELS.get(str(variable.name).lower())
    if channel is not None:
        return channel.range
    values = variable[list(times)].values
    low, high = (float(value) for value in np.nanquantile(values, QUANTILES))
    return (low, high) if high > low else (low, low + 1)


def digest_of(
    file: NetcdfFile, names: Sequence[str], ranges: Sequence[tuple[float, float]], numbers: Sequence[int]
) -> str:
    """Return what names the maps of this file, read like this, among all others."""
    state = file.path.stat()
    asked = (
        str(file.path.resolve()),
        state.st_mtime_ns,
        state.st_size,
        file.mask,
        list(names),
        list(ranges),
        list(numbers),
    )
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


def scene_of(
    data: Any,
    mask: Any,
    names: Sequence[str],
    ranges: Sequence[tuple[float, float]],
    numbers: Sequence[int],
    digest: str,
    index: int,
) -> Scene:
    """Return the map of one time, written into the cache where it is not there."""
    image = cache_place("weather", f"{digest}-{index}.tif")
    truth = image.with_name(f"{image.stem}_mask.tif")
    if not image.is_file():
        raw = np.asarray(mask[index].values, np.float64)
        coded = np.full(raw.shape, IGNORED, np.uint8)
        for number, value in enumerate(numbers):
            coded[raw == value] = number
        fields = [
            (np.asarray(data[name][index].values, np.float64) - low) / (high - low)
            for name, (low, high) in zip(names, ranges, strict=True)
        ]
        write_raster(truth, coded[None])
        write_raster(image, np.stack(fields).astype(np.float32), names, ranges)
    return named(f"time_{index}", image, truth)
