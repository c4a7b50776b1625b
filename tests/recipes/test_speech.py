"""Recordings: reading and refusing, splits, augmentation from (seed, epoch, index) alone, the profile, the real files."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.kit.module import Change
from recipes.kit.pipeline import Pipeline
from recipes.kit.sampler import generator
from recipes.speech import augment, wav
from recipes.speech.digits import DIGITS, SPEAKERS, SpokenDigits
from zoo.errors import ZooError

RATE = 8000
CHANGES = [
    augment.Speed(),
    augment.Equaliser(),
    augment.Gain(),
    augment.Shift(RATE),
    augment.Noise(),
]


def tone(seconds: float, hertz: float = 440.0, rate: int = RATE) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three speakers, ten digits, seven takes: tones, one each digit."""
    for digit in range(10):
        for number, speaker in enumerate(("ann", "bob", "cy")):
            for take in range(7):
                wave = tone(0.1 + 0.01 * take, 200 + 150 * digit + 20 * number)
                soundfile.write(tmp_path / f"{digit}_{speaker}_{take}.wav", wave, RATE)
    return tmp_path


def digits(folder: Path | None, **settings: Any) -> SpokenDigits:
    chosen = {"test_speakers": ["cy"], "sample_rate": RATE, **settings}
    return SpokenDigits("speech", Pipeline(CHANGES), root=folder and str(folder), **chosen)


# reading


@pytest.mark.parametrize(
    ("suffix", "subtype", "error"), [(".wav", "PCM_16", 1e-4), (".flac", "PCM_24", 1e-6), (".ogg", None, 0.05)]
)
def test_formats(tmp_path: Path, suffix: str, subtype: str | None, error: float) -> None:
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, tone(0.5), RATE, subtype=subtype)
    wave = wav.read(path)
    assert wave.dtype == np.float32
    assert np.abs(wave[500:3500] - tone(0.5)[500:3500]).max() < error


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(0.2), -tone(0.2), 3 * np.full(1600, 0.1)], axis=1), RATE, subtype="FLOAT")
    np.testing.assert_allclose(wav.read(path), np.full(1600, 0.1), atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 48000])
def test_resampling_keeps_the_tone(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(1.0, rate=rate), rate, subtype="FLOAT")
    wave = wav.read(path, 16000)
    assert abs(len(wave) - 16000) <= 2
    middle = slice(2000, 14000)  # the filter rings at both ends
    np.testing.assert_allclose(wave[middle], tone(1.0, rate=16000)[middle], atol=0.01)


def test_resampling_removes_what_would_fold_back(tmp_path: Path) -> None:
    path = tmp_path / "high.wav"
    soundfile.write(path, tone(1.0, hertz=7000, rate=48000), 48000, subtype="FLOAT")
    assert np.abs(wav.read(path, 8000)[500:7500]).max() < 0.004


def test_refusals_name_the_file_and_the_way_out(tmp_path: Path) -> None:
    empty, broken, headed, infinite = (tmp_path / name for name in ("empty.wav", "broken.wav", "headed.wav", "inf.wav"))
    empty.write_bytes(b"")
    broken.write_bytes(b"RIFF\x00\x00\x00\x00JUNK" + bytes(100))
    soundfile.write(headed, np.zeros(0, np.float32), RATE)
    soundfile.write(infinite, np.array([0, np.inf], np.float32), RATE, subtype="FLOAT")
    for path, said in (
        (empty, "is empty"),
        (broken, "cannot be read"),
        (headed, "no samples"),
        (infinite, "no numbers"),
        (tmp_path / "gone.wav", "is not there"),
    ):
        with pytest.raises(ZooError, match=f"{path.name} .*{said}"):
            wav.read(path)
    with pytest.raises(ZooError, match="empty"):
        wav.facts(empty)
    with pytest.raises(ZooError, match="sample_rate=0"):
        wav.resample(tone(0.1), RATE, 0)


# augmentation


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
@pytest.mark.parametrize("samples", [1, 2, 1000])
def test_changes_are_finite_drawn_from_the_generator_and_leave_their_input(change: Change, samples: int) -> None:
    wave = torch.from_numpy(tone(1.0)[100 : 100 + samples].copy())
    before = wave.clone()
    first, again, other = (change(wave, generator(*numbers)) for numbers in ((1, 2), (1, 2), (1, 3)))
    assert torch.equal(wave, before)
    assert first.isfinite().all()
    assert len(first) >= 1
    assert torch.equal(first, again)
    if samples == 1000:
        assert not torch.equal(first, other)


@given(most=st.floats(0.05, 0.5), seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_speed_moves_length_and_pitch_together(most: float, seed: int) -> None:
    wave = torch.from_numpy(tone(0.5))
    faster = augment.Speed(most)(wave, generator(seed))
    factor = len(wave) / len(faster)
    assert 1 / (1 + most) - 1e-3 <= factor <= 1 + most + 1e-3
    hertz = torch.fft.rfft(faster).abs().argmax().item() * RATE / len(faster)
    assert abs(hertz - 440 * factor) < 3


def test_noise_is_as_loud_as_said() -> None:
    wave = torch.from_numpy(tone(1.0))
    for seed in range(20):
        noise = augment.Noise(20, 20)(wave, generator(seed)) - wave
        assert abs(10 * torch.log10(wave.square().mean() / noise.square().mean()) - 20) < 0.01
    assert not augment.Noise()(torch.zeros(100), generator(0)).any()


def test_gain_clips_and_equaliser_stays_in_its_range() -> None:
    assert augment.Gain(40, 40)(torch.from_numpy(tone(0.1)), generator(0)).abs().max() == 1
    pulse = torch.zeros(1000)
    pulse[500] = 1
    for seed in range(20):
        response = 20 * torch.log10(torch.fft.rfft(augment.Equaliser(6)(pulse, generator(seed))).abs())
        assert 0.5 < response.abs().max() <= 6.001


def test_shift_pads_and_cuts_no_more_than_said() -> None:
    wave = torch.ones(1000)
    lengths = [len(augment.Shift(RATE, 0.1, 0.1)(wave, generator(seed))) for seed in range(200)]
    assert min(lengths) < 900
    assert min(lengths) >= 800
    assert 2200 < max(lengths) <= 2600


# the data module


def test_speakers_are_held_out(folder: Path) -> None:
    data = digits(folder)
    data.setup()
    speakers = {part: {r.speaker for r in data.split.parts[part]} for part in ("train", "val", "test")}
    assert speakers == {"train": {"ann", "bob"}, "val": {"ann", "bob"}, "test": {"cy"}}
    names = [r.name for part in ("train", "val", "test") for r in data.split.parts[part]]
    assert len(names) == len(set(names)) == 210
    assert len(data.split.parts["val"]) == 100
    chosen = digits(folder, val_speakers=["bob"])
    assert {r.speaker for r in chosen.split.parts["val"]} == {"bob"}
    assert {r.speaker for r in chosen.split.parts["train"]} == {"ann"}


def test_the_official_split_goes_by_takes(folder: Path) -> None:
    parts = digits(folder, split="official").read_split().parts
    assert {name: {int(r.name[-1]) for r in rows} for name, rows in parts.items()} == {
        "train": set(),
        "val": {5, 6},
        "test": {0, 1, 2, 3, 4},
    }
    assert {r.speaker for r in parts["test"]} == {"ann", "bob", "cy"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"split": "speaker"}, "data.split=speaker is not known; did you mean speakers"),
        ({"test_speakers": ["an"]}, "no speaker 'an'; did you mean ann"),
        ({"val_speakers": ["cy"]}, "'cy' is in data.test_speakers and in data.val_speakers"),
        ({"test_speakers": ["ann", "bob", "cy"]}, "no recordings in its split 'train'"),
        ({"split": "official"}, "no recordings in its split 'train'"),
    ],
)
def test_splits_that_cannot_be(folder: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        digits(folder, **settings).setup()


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="is not a folder"):
        digits(tmp_path / "gone").prepare_data()
    with pytest.raises(ZooError, match="holds no wav files"):
        digits(tmp_path).setup()
    soundfile.write(tmp_path / "seven.wav", tone(0.1), RATE)
    with pytest.raises(ZooError, match="seven.wav is not named"):
        digits(tmp_path).setup()


def test_samples_come_from_seed_epoch_and_index_alone(folder: Path) -> None:
    data = digits(folder, batch_size=7)
    data.setup()
    samples = data.dataset("train")
    a, b = samples[(3, 5)], samples[(3, 5)]
    assert torch.equal(a["wave"], b["wave"])
    assert a["name"] == data.split.parts["train"][5].name
    for key in ((4, 5), (3, 6)):
        assert not torch.equal(samples[key]["wave"][:500], a["wave"][:500])
    other = digits(folder, seed=1)
    other.setup()
    assert not torch.equal(other.dataset("train")[(3, 5)]["wave"][:500], a["wave"][:500])
    assert torch.equal(data.dataset("test")[0]["wave"], data.waveforms.get(data.split.parts["test"][0].path))


def test_an_epoch_goes_round_and_draws_anew(folder: Path) -> None:
    data = digits(folder, samples=100)
    data.setup()
    samples = data.dataset("train")
    assert (len(digits(folder).dataset("train")), len(samples)) == (40, 100)
    assert samples[(0, 3)]["name"] == samples[(0, 43)]["name"]
    assert not torch.equal(samples[(0, 3)]["wave"][:500], samples[(0, 43)]["wave"][:500])


def test_a_batch_is_padded_and_knows_its_lengths(folder: Path) -> None:
    data = digits(folder, batch_size=7)
    data.setup()
    batch = next(iter(data.val_dataloader()))
    B, T, _ = batch["inputs"].shape
    assert (B, batch["inputs"].dtype, batch["lengths"].dtype, batch["labels"].dtype) == (
        7,
        torch.float32,
        torch.int64,
        torch.int64,
    )
    assert batch["lengths"].max() == T
    for wave, length, name, label in zip(*(batch[k] for k in ("inputs", "lengths", "names", "labels")), strict=True):
        assert not wave[length:].any()
        expected = wav.read(folder / f"{name}.wav")
        np.testing.assert_array_equal(wave[:length, 0].numpy(), expected)
        assert label == int(name[0])


@pytest.mark.parametrize("memory", [0, 20_000, 10**9])
def test_memory_is_a_limit_not_a_condition(folder: Path, memory: int) -> None:
    data = digits(folder, memory=memory)
    data.setup()
    assert sum(wave.nbytes for wave in data.waveforms.kept.values()) <= memory
    assert bool(data.waveforms.kept) == (memory > 0)
    assert len(data.dataset("test")[69]["wave"]) == round(0.16 * RATE)


def test_the_profile_measures(folder: Path) -> None:
    soundfile.write(folder / "3_ann_6.wav", np.zeros(800, np.float32), RATE)
    data = digits(folder, sample_rate=16000)
    data.setup()
    profile = data.profile()
    assert profile.classes == dict.fromkeys(DIGITS, 4)
    assert (profile.samples, profile.sample_rate, profile.dtype, profile.bands) == (40, 8000, "int16", ("waveform",))
    assert profile.steps is not None
    assert (profile.steps.smallest, profile.steps.largest) == (0.1, 0.16)
    assert profile.licence == "unknown"
    assert "cy, whom training never hears" in profile.notes[0]
    assert profile.notes[1:] == ("silent training recordings: 1, the first is 3_ann_6",)


@given(st.floats(100, 900), st.floats(0.02, 1.0), st.floats(1.5, 20), st.sampled_from([2**15, 2**23]))
@settings(deadline=None, max_examples=60)
def test_flat_tops_are_clipping_and_round_ones_are_not(hertz: float, level: float, drive: float, steps: int) -> None:
    def recorded(wave: np.ndarray) -> np.ndarray:
        return (np.round(level * wave * (steps - 1)) / (steps - 1)).astype(np.float32)

    seconds = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * hertz * seconds) * (0.7 + 0.3 * np.sin(2 * np.pi * 3 * seconds))
    assert not wav.is_clipped(recorded(tone))
    assert wav.is_clipped(recorded(np.clip(drive * tone, -1, 1)))


def test_clipped_recordings_are_counted(folder: Path) -> None:
    tone = np.sin(np.arange(800) / 10)
    soundfile.write(folder / "3_ann_6.wav", np.clip(3 * tone, -1, 1) * 0.5, RATE)
    data = digits(folder)
    data.setup()
    assert "clipped training recordings (recorded too loud): 1, the first is 3_ann_6" in data.profile().notes


def test_nothing_but_silence_is_refused(folder: Path) -> None:
    for path in folder.glob("*.wav"):
        soundfile.write(path, np.zeros(800, np.float32), RATE)
    data = digits(folder)
    data.setup()
    with pytest.raises(
        ZooError, match="all 40 training recordings of 'speech' are silent .* name other recordings as data.root"
    ):
        data.profile()


def test_a_picture_shows_the_tone_at_its_height(folder: Path) -> None:
    data = digits(folder)
    data.setup()
    low, high = data.picture("0_ann_0"), data.picture("9_ann_0")
    assert low.dtype == np.uint8
    assert low.shape[0] == 64
    assert low.shape[2] == 3
    brightest = [picture.sum(axis=(1, 2), dtype=int).argmax() for picture in (low, high)]
    assert brightest[0] > 50
    assert brightest[1] < 30
    with pytest.raises(ZooError, match="data 'speech' has no recordings named 'x'"):
        data.picture("x")


def test_records_are_frozen() -> None:
    for change in CHANGES:
        field = dataclasses.fields(change)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(change, field, 1)


@pytest.mark.real
def test_the_real_recordings() -> None:
    data = digits(None, test_speakers=["lucas", "theo"])
    data.prepare_data()
    data.setup()
    assert {part: len(rows) for part, rows in data.split.parts.items()} == {
        "train": 1800,
        "val": 200,
        "test": 1000,
    }
    assert {r.speaker for rows in data.split.parts.values() for r in rows} == set(SPEAKERS)
    profile = data.profile()
    assert profile.licence == "CC-BY-SA-4.0"
    assert profile.sample_rate == 8000
    assert profile.steps is not None
    assert 0.35 < profile.steps.median < 0.45
    official = digits(None, split="official").read_split().parts
    assert {part: len(rows) for part, rows in official.items()} == {"train": 2400, "val": 300, "test": 300}
