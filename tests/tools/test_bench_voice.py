"""`zoo bench voice`: what counts as speech, noise at its ratio, and what goes into the card."""

import json

import numpy as np
import pytest

from tools.bench import voice as bench_voice
from tools.bench.voice import VoiceResult, add_noise, find_speech, summary

RATE = 16000


def tone(seconds: float, level: float = 1.0) -> np.ndarray:
    return (level * np.sin(np.arange(int(seconds * RATE)))).astype(np.float32)


def test_speech_is_what_is_loud_with_the_short_gaps_in_it() -> None:
    parts = [tone(0.4, 1e-3), tone(0.6), tone(0.12, 1e-3), tone(0.4), tone(0.5, 0.0), tone(0.2)]
    spoken = find_speech(np.concatenate(parts), RATE)
    wanted = [False, True, True, True, False, True]
    assert np.array_equal(spoken, np.repeat(wanted, [len(part) for part in parts]))


def test_silence_is_no_speech() -> None:
    assert not find_speech(np.zeros(1000, np.float32), RATE).any()


@pytest.mark.parametrize("kind", bench_voice.kinds())
def test_noise_lies_so_many_decibels_below_the_speech(kind: str) -> None:
    wave = np.concatenate([tone(1.0), tone(1.0, 0.0)])
    spoken = wave != 0
    noise = add_noise(f"{kind} 10 dB", wave, spoken) - wave
    ratio = 10 * np.log10(np.square(wave[spoken]).mean() / np.square(noise).mean())
    assert ratio == pytest.approx(10, abs=0.1)
    assert add_noise("clean", wave, spoken) is wave


def test_the_card_gets_the_mean_over_the_kinds_of_noise() -> None:
    found = [
        VoiceResult("clean", 0.9, 0.8, 0.7),
        VoiceResult("car 0 dB", 0.5, 0.4, 0.3),
        VoiceResult("hum 0 dB", 0.7, 0.4, 0.3),
    ]
    assert summary(found) == {"clean": (0.9, 0.9, 0.9), "0 dB": (0.6, 0.5, 0.7)}


@pytest.mark.real
def test_the_detector_hears_what_loudness_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    bench_voice.command(minutes=0.3, write=False, json_=True)
    found = {one["noise"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["clean"]["auroc"] > 0.98
    assert found["car 0 dB"]["auroc"] > found["car 0 dB"]["loudness"] + 0.1
