"""zoo listen: recordings read block by block are what they are at once; stretches begin and end where they should."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from recipes.inference.speech import LONGEST, Finder
from recipes.speech import wav
from tests.tools.predict.untrained import recordings, untrained
from tools.predict import listen as listen
from tools.predict.listen import Kept, clock
from zoo.errors import ZooError
from zoo.runs.run import Run

PIECE = 0.032


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000])
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.05])
def test_blocks_are_what_is_read_at_once(tmp_path: Path, rate: int, seconds: float) -> None:
    path = tmp_path / "long.wav"
    wave = np.random.default_rng(0).normal(0, 0.1, (round(rate * seconds), 2))
    soundfile.write(path, wave, rate, subtype="PCM_24")
    whole = wav.read(path, 16000)
    blocks = list(wav.blocks(path, 16000, 0.5))
    assert len(blocks) == -(-round(rate * seconds) // round(0.5 * rate))
    joined = np.concatenate(blocks)
    assert len(joined) == len(whole)
    np.testing.assert_allclose(joined, whole, atol=1e-5)


def test_broken_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"")
    with pytest.raises(ZooError, match="x.wav is empty"):
        list(wav.blocks(path, 16000, 1.0))
    soundfile.write(path, np.zeros(0), 16000)
    with pytest.raises(ZooError, match="x.wav has a head but no samples"):
        list(wav.blocks(path, 16000, 1.0))
    soundfile.write(path, 0.1 * np.ones(16000), 16000)
    path.write_bytes(path.read_bytes()[:20000])  # a head that promises more than there is
    assert sum(map(len, wav.blocks(path, 16000, 0.25))) == (20000 - 44) // 2
    soundfile.write(path, np.array([0.0, np.nan]), 16000, subtype="FLOAT")
    with pytest.raises(ZooError, match="values that are no numbers"):
        list(wav.blocks(path, 16000, 1.0))


def found(chances: list[float]) -> list[tuple[float, float]]:
    finder = Finder(PIECE)
    ended = [finder.step(chance) for chance in chances] + [finder.close()]
    return [(stretch.start, stretch.end) for stretch in ended if stretch is not None]


def test_stretches() -> None:
    quiet, loud = [0.0] * 20, [0.9] * 10
    assert found(quiet + loud + quiet + loud) == [(0.64, 0.96), (1.6, 1.92)]
    assert found(quiet + loud + [0.4] * 30 + quiet) == [(0.64, 1.92)], "what began goes on above the lower chance"
    assert found(quiet + loud + [0.0] * 5 + loud + quiet) == [(0.64, 1.44)], "a short pause does not end it"
    assert found(quiet + [0.4] * 30) == []
    assert found([*quiet, 0.9, *quiet]) == [], "a click"
    long = found([0.9] * 1500)
    assert len(long) == 3
    assert all(end - start <= LONGEST + PIECE for start, end in long)


@given(st.lists(st.floats(0, 1), max_size=300))
@settings(max_examples=50, deadline=None)
def test_stretches_follow_one_another(chances: list[float]) -> None:
    ends = [time for stretch in found(chances) for time in stretch]
    assert ends == sorted(ends)
    assert all(0 <= time <= len(chances) * PIECE + 1e-3 for time in ends)


def test_what_is_kept_is_bounded_and_in_its_place() -> None:
    kept, samples = Kept(16000), torch.arange(160000.0)
    for part in samples.split(16000):
        kept.add(part)
        kept.forget(kept.seconds - 2)
    assert len(kept.samples) == 32000
    assert kept.seconds == 10
    assert torch.equal(kept.part(8.5, 9.0), samples[136000:144000])
    assert len(kept.part(0.0, 1.0)) == 0


def test_times() -> None:
    assert [clock(seconds) for seconds in (0, 61.25, 36000.5)] == ["0:00:00.0", "0:01:01.2", "10:00:00.5"]


class Loud:
    """Hears speech wherever it is loud; as the detector, a chance for each 512 samples."""

    def __init__(self, model: object) -> None:
        self.left = torch.zeros(0)

    def push(self, samples: torch.Tensor, last: bool = False) -> torch.Tensor:
        joined = torch.cat([self.left, samples])
        whole = len(joined) // 512 * 512
        self.left = joined[whole:]
        return (joined[:whole].view(-1, 512).abs().amax(dim=1) > 0.01).float()


def keywords(folder: Path, bands: tuple[str, ...] = ("waveform",), objective: str = "classify") -> Run:
    """An untrained run that tells two keywords apart at 8 kHz."""
    folder.mkdir()
    settings = "model: {name: ds_cnn_s, sample_rate: 8000}, data: {sample_rate: 8000}"
    (folder / "config.yaml").write_text(f"{{task: {{name: sequence, objective: {objective}}}, {settings}}}")
    run = Run(folder)
    head = {"model": "ds_cnn_s", "options": {"sample_rate": 8000}, "classes": ["no", "yes"], "bands": bands}
    run.save_model(zoo.create("ds_cnn_s", classes=2, bands=bands, sample_rate=8000), head)
    return run


def test_a_run_is_asked_about_each_stretch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create = zoo.create
    build = lambda name, **options: create(name, **{**options, "pretrained": False})  # noqa: E731
    monkeypatch.setattr("zoo.factory.create", build)
    monkeypatch.setattr("recipes.inference.speech.Listener", Loud)
    tone, gap = 0.3 * np.sin(np.arange(24000) / 3), np.zeros(48000)
    wave = np.concatenate([gap, tone, gap, tone, gap])
    soundfile.write(tmp_path / "talk.flac", np.stack([wave, wave], axis=1), 48000, subtype="PCM_24")
    words = ["data=folder", f"data.root={recordings(tmp_path)}", "task.objective=classify", "model=ds_cnn_s"]
    (run, _), out = untrained(tmp_path / "run", *words, "model.sample_rate=8000"), tmp_path / "said.csv"
    listen.command(tmp_path / "talk.flac", str(run.folder), out)
    shown = capsys.readouterr()
    assert "2 stretches, 1.0 s of speech in 4.0 s" in shown.err
    rows = [row.split(",") for row in out.read_text().splitlines()[1:]]
    assert [(round(float(start), 1), round(float(end), 1)) for start, end, _ in rows] == [(1.0, 1.5), (2.5, 3.0)]
    heard = wav.read(tmp_path / "talk.flac", 8000)[7200:12800]  # the first stretch with its margins
    with torch.inference_mode():
        chances = run.load_model()(torch.from_numpy(heard)[None, :, None], torch.tensor([5600])).softmax(dim=1)[0]
    word, chance = rows[0][2].split()
    assert word == ("a", "b")[int(chances.argmax())]
    assert float(chance) == pytest.approx(float(chances.max()), abs=0.02)
    listen.command(tmp_path / "talk.flac", str(run.folder), json_=True)
    assert json.loads(capsys.readouterr().out.splitlines()[1])["said"] == rows[1][2]


def test_what_cannot_listen_is_refused_before_hours_of_it(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    with pytest.raises(ZooError, match=r"--out .*x.csv: there is no folder .*none; make it"):
        listen.command(tmp_path / "a.wav", out=tmp_path / "none" / "x.csv")
    with pytest.raises(ZooError, match="run .* reads price, not recordings"):
        listen.command(tmp_path / "a.wav", str(keywords(tmp_path / "prices", ("price",)).folder))
    with pytest.raises(ZooError, match="neither transcribes nor classifies recordings: it gives tags"):
        listen.command(tmp_path / "a.wav", str(keywords(tmp_path / "tags", objective="tag").folder))


@pytest.mark.real
def test_tones_among_silence_are_heard_or_not(tmp_path: Path) -> None:
    """A stream through the published detector, with a table; a made vowel is speech to it, silence is not."""
    time = np.arange(8000 * 2) / 8000
    voice = sum(np.sin(2 * np.pi * 130 * k * time * (1 + 0.02 * np.sin(6 * time))) / k for k in range(1, 16))
    gap = np.zeros(8000 * 3)
    soundfile.write(tmp_path / "long.wav", 0.1 * np.concatenate([gap, voice * (1 + np.sin(25 * time)), gap]), 8000)
    stretches = list(listen.stretches(tmp_path / "long.wav", None))
    listen.write(tmp_path / "found.csv", stretches)
    rows = (tmp_path / "found.csv").read_text().splitlines()[1:]
    assert len(rows) == len(stretches)
    for row in rows:
        start, end = map(float, row.split(",")[:2])
        assert 2.5 < start < end < 6.0
