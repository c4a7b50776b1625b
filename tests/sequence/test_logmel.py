"""The front end against the published formulas, computed here by another way, and against known answers."""

import math

import numpy as np
import pytest
import torch

from zoo.errors import ZooError
from zoo.sequence.logmel import LogMel, to_hertz, to_mel


def slaney_mel(hertz: float) -> float:
    """Slaney 1998, Auditory Toolbox: 3 / 200 mel a Hz below 1 kHz, then 27 steps for a factor of 6.4."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def reference(wave: np.ndarray, rate: int, bands: int, size: int, hop: int, low: float, floor: float) -> np.ndarray:
    """Return log-mel frames (T', M) by the definition: each frame, each band and each frequency written out in float64."""
    top = slaney_mel(rate / 2)
    mels = [slaney_mel(low) + (top - slaney_mel(low)) * i / (bands + 1) for i in range(bands + 2)]
    corners = [m * 200 / 3 if m < 15 else 1000 * 6.4 ** ((m - 15) / 27) for m in mels]
    n = np.arange(size)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / size)
    padded = np.concatenate([np.zeros(size // 2), wave, np.zeros(size // 2)])
    frames = []
    for start in range(0, len(wave) // hop * hop + 1, hop):
        piece = padded[start : start + size] * hann
        k = np.arange(size // 2 + 1)
        power = np.abs((piece * np.exp(-2j * np.pi * k[:, None] * n / size)).sum(1)) ** 2
        hertz = k * rate / size
        energies = []
        for left, centre, right in zip(corners, corners[1:], corners[2:], strict=False):
            weight = np.interp(hertz, [left, centre, right], [0, 1, 0]) * 2 / (right - left)
            energies.append((weight * power).sum())
        frames.append(np.log(np.array(energies) + floor))
    return np.array(frames)


@pytest.mark.parametrize(
    ("rate", "bands", "samples"), [(8000, 40, 1234), (16000, 64, 801), (8000, 10, 1), (8000, 20, 160)]
)
def test_equals_the_published_formulas(rate: int, bands: int, samples: int) -> None:
    wave = torch.rand(1, samples) - 0.5
    front = LogMel(rate, bands)
    ours = front(wave, torch.tensor([samples]))[0]
    theirs = reference(wave[0].double().numpy(), rate, bands, rate // 25, rate // 50, 20.0, 1e-6)
    assert ours.shape == theirs.shape == (front.steps(torch.tensor(samples)), bands)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-4, rtol=0)


def test_known_points_of_the_scale() -> None:
    hertz = torch.tensor([0.0, 100.0, 1000.0, 6400.0], dtype=torch.float64)
    torch.testing.assert_close(to_mel(hertz), torch.tensor([0.0, 1.5, 15.0, 42.0], dtype=torch.float64))
    grid = torch.linspace(0, 11025, 500, dtype=torch.float64)
    torch.testing.assert_close(to_hertz(to_mel(grid)), grid)


def test_a_tone_is_loudest_in_its_own_band() -> None:
    front = LogMel(8000, 40)
    ends = to_mel(torch.tensor([20.0, 4000.0]))
    centres = to_hertz(torch.linspace(*ends.tolist(), 42)[1:-1])
    for band in (5, 20, 38):
        wave = torch.sin(2 * math.pi * centres[band] * torch.arange(4000) / 8000)
        logs = front(wave[None], torch.tensor([4000]))[0]
        assert logs[5:20].argmax(dim=1).unique().tolist() == [band]


def test_ten_times_louder_is_log_hundred_more() -> None:
    front = LogMel(8000, 40, floor=1e-12)
    wave = torch.rand(1, 4000) - 0.5
    lengths = torch.tensor([4000])
    rise = front(wave, lengths) - front(wave / 10, lengths)
    torch.testing.assert_close(rise, torch.full_like(rise, math.log(100)), atol=1e-4, rtol=0)


def test_silence_is_the_floor() -> None:
    logs = LogMel(8000, 40)(torch.zeros(1, 500), torch.tensor([500]))
    torch.testing.assert_close(logs, torch.full_like(logs, math.log(1e-6)))


def test_bfloat16_autocast_does_not_reach_the_energies() -> None:
    front, wave, lengths = LogMel(8000, 40), torch.rand(1, 3000) - 0.5, torch.tensor([3000])
    with torch.autocast("cpu", torch.bfloat16):
        inside = front(wave, lengths)
    torch.testing.assert_close(inside, front(wave, lengths), atol=0, rtol=0)


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(ZooError, match="200 mel bands are too many for a window of 320 samples at 8000 Hz"):
        LogMel(8000, 200)
    with pytest.raises(ZooError, match="sample_rate=30 Hz is too low"):
        LogMel(30, 10)
