"""Generated weather obeys what ties its channels together; NetCDF of the user's own is read, split by time, or refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.imagery import images
from recipes.imagery.parts import mask_of
from recipes.imagery.rasters import open_raster
from recipes.kit.pipeline import Pipeline
from recipes.weather.channels import CHANNELS
from recipes.weather.fields import (
    DEGREE,
    DENSITY,
    SPACING,
    FieldSettings,
    Vortex,
    add_vortex,
    background,
    coriolis,
    draw,
)
from recipes.weather.module import Weather
from recipes.weather.netcdf import NetcdfFile, read_netcdf
from zoo.errors import ZooError

SMALL = FieldSettings(height=160, width=160, tropical=2, lows=2)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))


def physical(pixels: np.ndarray) -> dict[str, np.ndarray]:
    return {name: pixels[i] * (c.high - c.low) + c.low for i, (name, c) in enumerate(CHANNELS.items())}


def test_a_map_is_a_function_of_its_seed() -> None:
    one, same, other = draw(SMALL, 5), draw(SMALL, 5), draw(SMALL, 6)
    np.testing.assert_array_equal(one.pixels, same.pixels)
    np.testing.assert_array_equal(one.mask, same.mask)
    assert not np.array_equal(one.pixels, other.pixels)
    assert one.pixels.shape == (16, 160, 160)
    assert 0 <= one.pixels.min() < one.pixels.max() <= 1
    clipped = ((one.pixels == 0) | (one.pixels == 1)).mean(axis=(1, 2))
    assert all(share < 0.01 for name, share in zip(CHANNELS, clipped, strict=True) if name != "prect")
    assert set(np.unique(one.mask)) == {0, 1, 2}


def test_channels_belong_together() -> None:
    pixels, mask = (
        np.concatenate(those, axis=-1) for those in zip(*(draw(SMALL, seed) for seed in range(6)), strict=True)
    )
    fields = physical(pixels)
    calm = mask == 0
    assert fields["psl"][mask == 1].mean() < fields["psl"][calm].mean() - 800
    assert fields["tmq"][mask == 2].mean() > fields["tmq"][calm].mean()
    assert fields["prect"][mask > 0].mean() > 3 * fields["prect"][calm].mean()
    assert np.corrcoef(fields["psl"].ravel(), fields["z1000"].ravel())[0, 1] > 0.95
    assert np.corrcoef(fields["t500"].ravel(), fields["z200"].ravel())[0, 1] > 0.5
    assert (fields["ps"] <= fields["psl"] + 1).all()
    assert np.corrcoef(fields["trefht"].ravel(), fields["qrefht"].ravel())[0, 1] > 0.8
    speed, low = np.hypot(fields["u850"], fields["v850"]), np.hypot(fields["ubot"], fields["vbot"])
    assert low.mean() < 0.85 * speed.mean()
    assert speed[mask == 1].mean() > 1.5 * speed[calm].mean()


def test_wind_turns_around_lows_by_hemisphere_and_balances_pressure() -> None:
    rng = np.random.default_rng(0)
    for latitude, sign in ((20.0, 1), (-20.0, -1)):
        state = background(rng, 160, 160)
        state.u[:], state.v[:], state.psl[:] = 0, 0, 100_000
        vortex = Vortex(40.0, latitude, 5000, 1.5, True)
        add_vortex(state, vortex, rng)
        curl = np.gradient(state.v, axis=1) + np.gradient(state.u, axis=0)  # rows run southward
        row, column = round((159 / 2 * SPACING - latitude) / SPACING), round(40 / SPACING)
        assert sign * curl[row, column] > 0
        assert np.hypot(state.u, state.v).max() == pytest.approx(vortex.wind(np.linspace(0.1, 5, 99)).max(), rel=0.1)
        assert abs(state.psl.min() - 95_000) < 400
        # gradient wind: V²/r + fV = 1/ρ dp/dr
        r = np.linspace(0.8, 6, 200)
        V, slope = vortex.wind(r), np.gradient(vortex.pressure(r), r[1] - r[0]) / DEGREE
        balance = V**2 / (r * DEGREE) + coriolis(np.array(20.0)) * V
        np.testing.assert_allclose(balance[2:-2], slope[2:-2] / DENSITY, rtol=0.02)


def test_from_words_to_batches() -> None:
    words = ["task=segmentation", "data=weather", "data.train=1", "data.val=1", "data.test=1", "data.height=160"]
    words += ["data.width=160", "data.crop=96", "data.batch_size=2"]
    data = data_of(compose(words))
    data.setup()
    assert data.bands == tuple(CHANNELS)
    batch = next(iter(data.val_dataloader()))
    assert batch["images"].shape[1] == 16
    scene = data.split.parts["test"][0]
    assert data.picture(scene.name).shape == (160, 160, 3)
    with open_raster(scene.path) as raster:
        assert raster.descriptions == tuple(CHANNELS)
        pressure = raster.read(8) * raster.scales[7] + raster.offsets[7]
    assert 95_000 < pressure.mean() < 103_000  # Pa: what the file says of itself
    fewer = data_of(compose([*words, "data.bands=[v850,tmq]"]))
    fewer.setup()
    assert fewer.bands == ("v850", "tmq")
    both = [images.read(one.split.parts["test"][0].path)[[2, 0]] for one in (data, fewer)]
    np.testing.assert_array_equal(*both)
    with pytest.raises(ZooError, match=r"data\.mask=storms names a variable, and there is no data\.root"):
        data_of(compose([*words, "data.mask=storms"]))


def netcdf(path: Path, engine: str = "h5netcdf", **changed: Any) -> Path:
    """Write ten times of two channels and a mask whose class is where `tmq` is high."""
    import xarray

    rng = np.random.default_rng(0)
    dims = ("time", "lat", "lon")
    tmq = rng.uniform(0, 80, (10, 64, 96)).astype(np.float32)
    tmq[:, :2] = np.nan
    variables = {
        "other": (dims, rng.normal(0, 7, tmq.shape).astype(np.float32)),
        "TMQ": (dims, tmq),
        "storms": (dims, np.where(np.isnan(tmq), 255, tmq > 60).astype(np.int16)),
        "level": (("lat",), np.arange(64.0)),
        **changed,
    }
    xarray.Dataset(variables).to_netcdf(path, engine=engine)
    return path


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_netcdf_of_the_users_own(tmp_path: Path, engine: str) -> None:
    path = netcdf(tmp_path / "own.nc", engine)
    split = read_netcdf(NetcdfFile(path, "storms", ["background", "wet"]))
    assert split.bands == ("TMQ", "other")  # what is known by name comes first
    times = {part: [int(scene.name.removeprefix("time_")) for scene in those] for part, those in split.parts.items()}
    assert times == {"train": [0, 1, 2, 3, 4, 5], "val": [7], "test": [9]}
    scene = split.parts["val"][0]
    mask, pixels = mask_of(scene, scene.window), images.read(scene.path)
    assert set(np.unique(mask)) == {0, 1, 255}
    assert np.isnan(pixels[0, :2]).all()
    np.testing.assert_array_equal(pixels[0, 2:] * 80 > 60, mask[2:] == 1)
    inside = pixels[1][2:]
    assert ((inside >= 0) & (inside <= 1)).mean() > 0.99  # between quantiles of the training times
    words = ["task=segmentation", "data=weather", f"data.root={path}", "data.mask=storms", "data.bands=[other,tmq]"]
    data = data_of(compose([*words, "data.crop=32", "data.tile=64", "data.overlap=16"]))
    data.setup()
    assert (data.name, data.bands) == ("weather", ("other", "tmq"))
    batch = next(iter(data.val_dataloader()))
    assert batch["images"].isfinite().all()


@pytest.mark.parametrize(
    ("mask", "classes", "changed", "sentence"),
    [
        (None, None, {}, r"data\.mask=… is missing.*it has other, TMQ, storms, level"),
        ("storm", None, {}, "data.mask=storm is no variable of own.nc; did you mean storms"),
        ("level", None, {}, "has the dimensions"),
        ("storms", ["one"], {}, r"holds the values \[1\] that are none of the classes"),
        ("storms", None, {"storms": (("time", "lat", "lon"), np.zeros((10, 64, 96), np.int8))}, "one class only"),
    ],
)
def test_netcdf_that_cannot_be_used(
    tmp_path: Path, mask: str | None, classes: list[str] | None, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ZooError, match=sentence):
        read_netcdf(NetcdfFile(netcdf(tmp_path / "own.nc", **changed), mask, classes))


def test_classes_are_named_by_the_conventions_of_netcdf(tmp_path: Path) -> None:
    values = np.random.default_rng(0).choice(np.array([2, 5, 9], np.int16), (10, 64, 96))
    storms = (("time", "lat", "lon"), values, {"flag_values": [2, 5, 9], "flag_meanings": "calm cyclone front"})
    split = read_netcdf(NetcdfFile(netcdf(tmp_path / "own.nc", storms=storms), "storms", None))
    assert split.classes == ("calm", "cyclone", "front")
    scene = split.parts["test"][0]
    np.testing.assert_array_equal(mask_of(scene, scene.window), np.searchsorted([2, 5, 9], values[9]))
    for meanings in ("calm cyclone", "calm cyclone cyclone"):
        storms[2]["flag_meanings"] = meanings
        with pytest.raises(ZooError, match=r"for the flag_values \[2, 5, 9\]; each value needs one name of its own"):
            read_netcdf(NetcdfFile(netcdf(tmp_path / "other.nc", storms=storms), "storms", None))


def test_what_is_no_netcdf(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="does not exist"):
        read_netcdf(NetcdfFile(tmp_path / "none.nc", "m", None))
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(ZooError, match="is no NetCDF file"):
        read_netcdf(NetcdfFile(tmp_path / "text.nc", "m", None))
    with pytest.raises(ZooError, match="must be 3 positive shares"):
        Weather("weather", Pipeline(), root=str(tmp_path), ratios=(1.0, 0.0, 0.0))
