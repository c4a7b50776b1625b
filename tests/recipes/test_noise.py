"""Noise over recordings: the ratio that was asked for, spectra of the real thing, own recordings split; rooms and lines."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from recipes.kit.sampler import generator
from recipes.speech.augment import Reverberation, Telephone
from recipes.speech.noise import MADE, Overlay, level, recordings
from zoo.errors import ZooError

RATE = 8000


def tone(samples: int = 8000, hertz: float = 700.0) -> Tensor:
    return 0.3 * torch.sin(2 * torch.pi * hertz * torch.arange(samples) / RATE)


def power(wave: Tensor, low: float, high: float) -> float:
    spectrum = torch.fft.rfft(wave).abs().square()
    hertz = torch.linspace(0, RATE / 2, len(spectrum))
    return float(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("samples", [1, 2, 700, 8000])
def test_the_ratio_is_the_one_asked_for(kind: str, samples: int) -> None:
    wave = tone(samples) + 0.01
    for seed in range(4):
        changed = Overlay(RATE, [kind], 10, 10, 1.0)(wave, generator(seed))
        again = Overlay(RATE, [kind], 10, 10, 1.0)(wave, generator(seed))
        assert torch.equal(changed, again)
        assert 20 * torch.log10(level(wave) / level(changed - wave)) == pytest.approx(10, abs=0.05)
    assert not Overlay(RATE, [kind], chance=1.0)(torch.zeros(500), generator(0)).abs().max() > 1e-9


def test_spectra_are_those_of_the_real_thing() -> None:
    noise = {kind: [make(RATE * 2, RATE, generator(seed)) for seed in range(4)] for kind, make in MADE.items()}
    low = {kind: np.mean([power(wave, 0, 250) for wave in waves]) for kind, waves in noise.items()}
    speech = {kind: np.mean([power(wave, 250, 3000) for wave in waves]) for kind, waves in noise.items()}
    assert low["car"] > 0.8
    assert low["wind"] > 0.8
    assert speech["babble"] > 0.7
    for wave in noise["hum"]:
        hertz = torch.fft.rfft(wave).abs().argmax().item() / 2
        assert hertz % 50 in (0, 10) or hertz % 60 == 0
    envelope = [wave.view(-1, 400).square().mean(dim=1).std() / wave.square().mean() for wave in noise["wind"]]
    assert np.mean([float(e) for e in envelope]) > 0.3, "wind comes in gusts"


def test_some_recordings_stay_as_they_are() -> None:
    wave = tone(1000)
    kept = [torch.equal(Overlay(RATE, chance=0.6)(wave, generator(seed)), wave) for seed in range(200)]
    assert 0.3 < np.mean(kept) < 0.5


def test_own_noise_is_split_between_training_and_test(tmp_path: Path) -> None:
    for i in range(20):
        soundfile.write(tmp_path / f"n{i}.wav", (0.01 + i / 40) * np.ones(1000 + i), RATE)
    heard: dict[str, set[float]] = {}
    for part in ("train", "test"):
        overlay = Overlay(RATE, ["own"], folder=str(tmp_path), part=part)
        heard[part] = {round(float(overlay.noise("own", 3000, generator(i))[0]), 3) for i in range(100)}
        assert len(overlay.noise("own", 3000, generator(0))) == 3000
    assert not heard["train"] & heard["test"]
    assert len(heard["train"]) > len(heard["test"]) >= 1
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ZooError, match="holds 0 recordings of noise"):
        recordings(str(empty), RATE, "train")


def test_refusals() -> None:
    with pytest.raises(ZooError, match="noise kind 'cars' is not known; did you mean car.*and own with a folder"):
        Overlay(RATE, ["cars"])
    with pytest.raises(ZooError, match="part='val' must be train or test"):
        Overlay(RATE, part="val")


def test_a_room_rings_after_the_sound_and_keeps_its_length() -> None:
    click = torch.zeros(8000)
    click[100] = 1.0
    for seed in range(8):
        heard = Reverberation(RATE, 0.3, 0.3, (0.0, 0.0), 1.0)(click, generator(seed))
        assert len(heard) == 8000
        assert heard[:100].abs().max() < 1e-5
        assert heard[100] == pytest.approx(1.0, abs=1e-4)
        assert heard[101:].square().sum() == pytest.approx(1.0, abs=1e-3)  # as loud as the direct sound
        early, late = heard[101:1300].square().sum(), heard[1300:2500].square().sum()
        assert 20 < 10 * torch.log10(early / late) < 40  # 60 dB in 0.3 s: 30 dB in each half


def test_a_line_passes_speech_only() -> None:
    line = Telephone(RATE, 1.0)
    for hertz, passes in ((80, False), (1000, True), (3900, False)):
        gain = level(line(tone(8000, hertz), generator(0))) / level(tone(8000, hertz))
        assert (gain > 0.9) == passes
        assert passes or gain < 0.4
    assert len(line(tone(8000), generator(0)).unique()) <= 256
