"""Cepstral coefficients and log-mel against librosa's, and what normalisation and warping promise."""

import librosa
import numpy as np
import pytest
import torch

from zoo.errors import ZooError
from zoo.sequence.logmel import LogMel
from zoo.sequence.mfcc import Cepstra, Mfcc, cosines
from zoo.sequence.warp import Warp

RATE = 8000


def waves(seconds: float = 0.7) -> torch.Tensor:
    time = torch.arange(round(RATE * seconds)) / RATE
    return (0.4 * torch.sin(6.28 * (300 + 900 * time) * time) + 0.05 * torch.randn(len(time)))[None]


def cepstra(tract: float = 0.0, pace: float = 0.0) -> Cepstra:
    logmel = LogMel(RATE, 24, window=0.03, hop=0.01, low=100.0, floor=1e-10)
    return Cepstra(Mfcc(logmel, 13), Warp(logmel, pace, tract))


@pytest.mark.parametrize(("window", "hop", "bands"), [(0.04, 0.02, 40), (0.032, 0.01, 24)])
def test_log_mel_and_coefficients_are_librosas(window: float, hop: float, bands: int) -> None:
    wave, logmel = waves(), LogMel(RATE, bands, window=window, hop=hop)
    energy = librosa.feature.melspectrogram(
        y=wave[0].numpy(), sr=RATE, n_fft=logmel.size, hop_length=logmel.hop, n_mels=bands, fmin=20, pad_mode="constant"
    )
    lengths = torch.tensor([wave.shape[1]])
    np.testing.assert_allclose(logmel(wave, lengths)[0].T.numpy(), np.log(energy + 1e-6), atol=1e-4)
    theirs = librosa.feature.mfcc(S=10 * np.log10(energy + 1e-6), n_mfcc=13)
    np.testing.assert_allclose(Mfcc(logmel, 13)(wave, lengths)[0].T.numpy(), theirs, atol=1e-4 * 10 / np.log(10))


def test_the_transform_is_orthonormal() -> None:
    table = cosines(24, 24)
    torch.testing.assert_close(table.T @ table, torch.eye(24), atol=1e-5, rtol=0)
    with pytest.raises(ZooError, match="25 cepstral coefficients cannot come from 24 mel bands"):
        cosines(24, 25)


def test_loudness_and_microphone_leave_no_trace() -> None:
    front, lengths = cepstra().eval(), torch.tensor([5600])
    wave = waves()
    first, _ = front(wave, lengths)
    assert first.mean(dim=1).abs().max() < 1e-4
    assert 0.5 < first.square().mean(dim=1).max() <= 1.0
    torch.testing.assert_close(front(0.1 * wave, lengths)[0], first, atol=1e-3, rtol=0)
    slope = torch.nn.functional.conv1d(wave[:, None], torch.tensor([[[0.3, 1.0]]]), padding=1)[:, 0, :5600]
    assert (front(slope, lengths)[0] - first).square().mean() < 0.2 * first.square().mean()


def test_warping_moves_bands_and_time_by_the_drawn_factor() -> None:
    logmel = LogMel(RATE, 24, window=0.03, hop=0.01, low=100.0, floor=1e-10)
    warp = Warp(logmel, 0.25, 0.2)
    ramp = torch.arange(24.0).expand(200, 50, 24)
    lengths = torch.full((200,), 50)
    same, kept = warp.eval()(ramp, lengths)
    assert same is ramp
    assert kept is lengths
    moved, longer = warp.train()(ramp, lengths)
    assert longer.min() >= 40
    assert longer.max() <= 63
    assert longer.float().std() > 3
    shifts = (moved[:, 0, 12] - 12).abs()  # a ramp over the bands shows where each band looks
    assert 1.0 < shifts.max() < 3.5
    time = torch.arange(50.0)[None, :, None].expand(200, 50, 24)
    stretched, longer = warp(time, lengths)
    ends = stretched[torch.arange(200), longer - 1, 0]
    torch.testing.assert_close(ends, torch.full((200,), 49.0))


def test_microphones_of_one_voice_are_warped_together() -> None:
    logmel = LogMel(RATE, 24, window=0.03, hop=0.01, low=100.0)
    logs = torch.randn(4, 30, 24).repeat_interleave(2, dim=0)
    moved, longer = Warp(logmel, 0.25, 0.2, together=2).train()(logs, torch.full((8,), 30))
    assert torch.equal(moved[::2], moved[1::2])
    assert len(longer[::2].unique()) > 1
