"""Generated sections: the same for a seed, marked where the layers are broken, and like what they are made after."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.seismic.section import Fault, SectionSettings, draw
from zoo.errors import ZooError

SMALL = SectionSettings(height=96, width=128, faults=3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))


def test_a_section_is_a_function_of_its_seed() -> None:
    one, same, other = draw(SMALL, 5), draw(SMALL, 5), draw(SMALL, 6)
    np.testing.assert_array_equal(one.pixels, same.pixels)
    np.testing.assert_array_equal(one.mask, same.mask)
    assert not np.array_equal(one.pixels, other.pixels)
    assert one.pixels.shape == (1, 96, 128)
    assert one.pixels.dtype == np.float32
    assert one.pixels.std() == pytest.approx(1, abs=1e-3)


def test_layers_are_broken_where_a_fault_is_marked() -> None:
    """The jump from a trace to the next is larger on faults, and salt has no layers."""
    broken, salt = [], []
    for seed in range(12):
        found = draw(replace(SectionSettings(), snr=50.0), seed)
        jump = np.abs(np.diff(found.pixels[0], axis=1))
        mask = found.mask[:, 1:]
        broken.append(jump[mask == 1].mean() / jump[mask == 0].mean())
        if (mask == 2).any():
            salt.append(found.pixels[0][found.mask == 2].std() / found.pixels[0][found.mask == 0].std())
    assert np.mean(broken) > 1.5
    assert len(salt) >= 2
    assert np.mean(salt) < 0.6


def test_without_faults_and_salt_nothing_is_marked() -> None:
    assert not draw(replace(SMALL, faults=0, salt=0.0), 3).mask.any()
    assert (draw(replace(SMALL, faults=0, salt=1.0), 3).mask == 2).mean() > 0.03


def test_what_is_above_a_normal_fault_came_from_higher_up() -> None:
    for dip in (np.deg2rad(60), -np.deg2rad(60)):
        fault = Fault(50.0, 50.0, dip, 10.0, 1e6)
        x, z = np.array([[20.0, 80.0]]), np.array([[50.0, 50.0]])
        across, slip = fault.along(x, z)
        before_x, before_z = fault.moved(x, z, across, slip)
        hanging = (across > 0)[0]
        assert hanging.tolist() == [dip < 0, dip > 0]
        np.testing.assert_allclose((z - before_z)[0], np.where(hanging, 10 * np.sin(abs(dip)), 0))
        # it slides along the line: the distance from it stays
        np.testing.assert_allclose(fault.along(before_x, before_z)[0], across)


def test_the_ricker_wavelet_gives_the_band_of_a_section() -> None:
    spectrum = np.abs(np.fft.rfft(draw(SectionSettings(), 0).pixels[0], axis=0)).mean(axis=1)
    peak = 256 / spectrum[1:].argmax()
    assert 6 < peak < 30  # pixels a cycle
    assert spectrum[:3].max() < spectrum.max() / 2  # a wavelet and noise of its band have nothing constant


@pytest.mark.parametrize(
    "wrong", [{"height": 10}, {"faults": -1}, {"salt": 1.5}, {"snr": 0.0}, {"fault_width": 0.5}], ids=str
)
def test_settings_that_make_no_section(wrong: dict[str, float]) -> None:
    with pytest.raises(ZooError, match=f"data.{next(iter(wrong))}="):
        SectionSettings(**wrong)


def test_from_words_to_batches() -> None:
    words = ["task=segmentation", "data=seismic", "data.train=2", "data.val=1", "data.test=1", "data.height=96"]
    words += ["data.width=128", "data.crop=64", "data.batch_size=2"]
    data = data_of(compose(words))
    data.setup()
    assert data.name == "seismic (generated)"
    assert data.classes == ("background", "fault", "salt")
    batch = next(iter(data.train_dataloader()))
    assert batch["images"].shape == (2, 1, 64, 64)
    assert 0 <= float(batch["images"].min()) < 0.4 < float(batch["images"].mean()) < 0.6
    paths = {scene.path for those in data.split.parts.values() for scene in those}
    assert len(paths) == 4
    written = {path: path.stat().st_mtime_ns for path in paths}
    again = data_of(compose(words))
    again.setup()
    assert {path: path.stat().st_mtime_ns for path in paths} == written  # made once
    with pytest.raises(ZooError, match=r"data\.train=0 must be at least 1"):
        data_of(compose([*words, "data.train=0"])).setup()
    with pytest.raises(ZooError, match=r"there is no key 'data\.falts'; did you mean faults"):
        data_of(compose([*words, "+data.falts=1"]))
