"""Models that write token after token: one file of two parts answers as they do, alone and in a batch, however long."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import zoo
from tests.exports.opened import BANDS, opened
from tests.sequence.test_whisper import spoken_words, voice
from zoo.exports.facts import parse
from zoo.exports.formats import format_of
from zoo.inference.exported import export, of_export
from zoo.inference.opened import Opened
from zoo.sequence.beam import Beam
from zoo.sequence.kinds import EncoderDecoder
from zoo.sequence.whisper import Whisper

#: Options that make networks small.
TRANSLATORS = {"seq2seq": {"vocabulary": 40, "width": 16, "embedded": 8}}


def whisper() -> Opened:
    """Return a network of random weights, small, with a vocabulary of single words."""
    found = opened(
        "whisper_tiny_en",
        {"name": "sequence", "objective": "transcribe"},
        bands=("waveform",),
        size=(32, 1, 2),
        vocabulary=51864,
        language="en",
    )
    model = found.build()
    model.tokenizer.load_state_dict({"description": spoken_words()})
    model.suppressed[7] = 1
    return replace(found, data={"name": "made", "sample_rate": 16000})


@pytest.fixture(scope="module", params=[".xml", ".onnx"])
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Whisper, Whisper, Path]:
    """Whisper as it was trained, and as its file."""
    one, out = whisper(), tmp_path_factory.mktemp("whisper") / f"network{request.param}"
    said = list(export(one, out))
    assert "differ by up to" in said[0]
    trained, exported = one.build(), of_export(out).build()
    assert isinstance(trained, Whisper)
    assert isinstance(exported, Whisper)
    return trained, exported, out


def test_whisper_writes_what_it_wrote(heard: tuple[Whisper, Whisper, Path]) -> None:
    trained, exported, out = heard
    assert out.exists()
    inputs = torch.nn.utils.rnn.pad_sequence([voice(1.0), voice(2.0)[:20000]], batch_first=True)[..., None]
    lengths = torch.tensor([16000, 20000])
    assert exported.transcribe(inputs, lengths) == trained.transcribe(inputs, lengths)
    assert exported.suppressed[7] == 1
    tokens = torch.tensor([[50257, 50362, 7, 8]])
    with torch.inference_mode():
        mine, other = (model(inputs[:1], lengths[:1], tokens) for model in (trained, exported))
    torch.testing.assert_close(other, mine, rtol=1e-3, atol=1e-3)


def test_a_recording_longer_than_a_window_is_heard_in_windows(heard: tuple[Whisper, Whisper, Path]) -> None:
    trained, exported, _ = heard
    wave = voice(31.0)
    mine, other = (model.segments(wave[None, :, None], torch.tensor([len(wave)])) for model in (trained, exported))
    assert [one.text for one in mine[0]] == [one.text for one in other[0]]


@pytest.mark.parametrize("ending", [".xml", ".onnx"])
@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_translator_is_searched_as_it_was(name: str, ending: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = zoo.create(name, classes=20, bands=("token",), **TRANSLATORS[name]).eval()
    one = replace(
        opened("unet_2015", {"name": "sequence", "objective": "translate"}, channels=(8, 16)),
        model=name,
        build=lambda **changed: made,
        classes=tuple(f"c{number}" for number in range(20)),
        bands=("token",),
        options=TRANSLATORS[name],
        data={"name": "made"},
    )
    assert BANDS
    out = tmp_path / f"network{ending}"
    list(export(one, out))
    exported = of_export(out).build()
    assert isinstance(exported, EncoderDecoder)
    assert "two parts that share no input" in format_of(out).read(out)[0]["outputs"]
    assert parse(format_of(out).read(out)[1], out).model == name
    inputs = torch.randint(1, 39, (3, 9, 1)).float()
    lengths = torch.tensor([9, 4, 1])
    mine, other = (Beam(width=3, longest=12).search(model, inputs, lengths) for model in (made, exported))
    assert [found.tokens for found in mine] == [found.tokens for found in other]
