"""Whisper: rules of its search and windows, refusals, and the published weights, which hear what their own runtime hears."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file
from scipy.signal import resample_poly
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import WhisperFeatureExtractor

import zoo
from zoo.errors import ZooError
from zoo.runs.run import Run
from zoo.sequence.whisper import Whisper, build
from zoo.sequence.whisper_front import PIECE, WhisperFront
from zoo.sequence.whisper_marks import ENGLISH, MANY, Marks
from zoo.sequence.whisper_network import WhisperNetwork
from zoo.sequence.whisper_search import constrain, repeats, segments_of
from zoo.sources import fetch

MARKS = Marks.of(ENGLISH)
FIRST = MARKS.first_time


def voice(seconds: float) -> Tensor:
    time = torch.arange(int(seconds * 16000)) / 16000
    tone = sum(torch.sin(2 * torch.pi * 140 * k * time) / k for k in range(1, 20))
    return 0.1 * tone * (1 + torch.sin(2 * torch.pi * 4 * time))


def spoken_words() -> Tensor:
    """The description of a vocabulary of single words, uint8."""
    words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(MARKS.end)}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    return torch.tensor(list(words.to_str().encode()), dtype=torch.uint8)


@pytest.fixture
def tiny() -> Whisper:
    """A network of random weights, small, with a vocabulary of single words."""
    torch.manual_seed(0)
    model = build(2, 1, size=(32, 1, 2)).eval()
    model.load_state_dict({**model.state_dict(), "tokenizer.description": spoken_words()})
    return model


def test_the_front_end_is_that_of_transformers() -> None:
    wave = voice(3.0)
    theirs = WhisperFeatureExtractor()(wave.numpy(), sampling_rate=16000, return_tensors="np")["input_features"]
    mine = WhisperFront()(torch.nn.functional.pad(wave, (0, 480000 - len(wave)))[None]).numpy()
    assert np.abs(mine - theirs).max() < 1e-5


def test_marks_are_where_the_vocabularies_have_them() -> None:
    assert Marks(50256, 50361, 50362, 50363, (50257,)) == MARKS
    assert Marks.of(MANY, "de") == Marks(50257, 50362, 50363, 50364, (50258, 50261, 50359))
    assert MARKS.seconds(FIRST + 1500) == pytest.approx(30.0)
    with pytest.raises(ZooError, match="language='xx' is not known"):
        Marks.of(MANY, "xx")
    with pytest.raises(ZooError, match="vocabulary=7"):
        Marks.of(7)


def allowed(row: list[int]) -> tuple[bool, set[int]]:
    """Return whether text may follow on a row, and which times may, when all tokens are as likely."""
    text = torch.zeros(1, ENGLISH)
    text[:, MARKS.end :] = -20.0  # text is far likelier than all times together
    quiet = constrain(text, [row], MARKS)[0]
    times = constrain(torch.zeros(1, ENGLISH), [row], MARKS)[0]
    return bool(quiet[: MARKS.end].isfinite().any()), set((times[FIRST:].isfinite().nonzero().flatten()).tolist())


def test_times_come_in_pairs_and_rise() -> None:
    assert allowed([]) == (False, set(range(51)))
    assert allowed([FIRST]) == (True, set())
    text, times = allowed([FIRST, 5])
    assert (text, times) == (True, set(range(1, 1501)))
    assert allowed([FIRST, 5, FIRST + 100]) == (False, set(range(100, 1501)))
    assert allowed([FIRST, 5, FIRST + 100, FIRST + 100]) == (True, set())


def test_windows_end_where_their_last_whole_segment_ends() -> None:
    whole = [FIRST, 1, 2, FIRST + 50, FIRST + 60, 3, FIRST + 100]
    assert segments_of(whole, MARKS, 30.0) == ([(0.0, 1.0, [1, 2]), (1.2, 2.0, [3])], 30.0)
    cut = [FIRST, 1, 2, FIRST + 50, FIRST + 60, 3]
    assert segments_of(cut, MARKS, 30.0) == ([(0.0, 1.0, [1, 2])], pytest.approx(1.0))
    assert segments_of([1, 2], MARKS, 7.0) == ([(0.0, 7.0, [1, 2])], 7.0)
    assert segments_of([], MARKS, 7.0) == ([], 7.0)
    assert segments_of([FIRST, FIRST], MARKS, 7.0)[1] > 0  # it always goes on


def test_what_repeats_itself_has_gone_wrong() -> None:
    assert repeats([9, *[1, 2] * 6])
    assert repeats([4] * 6)
    assert not repeats([1, 2] * 5)
    assert not repeats(list(range(40)))


def test_a_cache_of_keys_changes_nothing(tiny: Whisper) -> None:
    tokens, found = torch.tensor([[50257, 50362, 7, 8, 9]]), []
    with torch.no_grad():
        state = tiny.encode(voice(1.0)[None])
        at_once, _ = tiny.network.write(tokens, state)
        for token in tokens.split(1, dim=1):
            logits, state = tiny.network.write(token, state)
            found.append(logits)
    torch.testing.assert_close(torch.cat(found, dim=1), at_once, atol=1e-4, rtol=1e-4)


def test_the_decoder_is_that_of_transformers(tiny: Whisper) -> None:
    network, tokens = tiny.network, torch.tensor([[50257, 50362, 7, 8, 9]])
    assert isinstance(network, WhisperNetwork)
    with torch.no_grad():
        heard = network.listen(voice(30.0)[None])
        theirs = network.decoder(input_ids=tokens, encoder_hidden_states=heard, use_cache=False).last_hidden_state
        mine, _ = network.write(tokens, network.encode(voice(30.0)[None]))
    torch.testing.assert_close(mine, theirs @ network.decoder.embed_tokens.weight.T, atol=1e-4, rtol=1e-4)


def test_a_recording_alone_is_the_recording_in_a_batch(tiny: Whisper) -> None:
    inputs = torch.nn.utils.rnn.pad_sequence(
        [voice(1.0), voice(2.0)[:20000]], batch_first=True, padding_value=float("nan")
    )
    lengths = torch.tensor([16000, 20000])
    together = tiny.transcribe(inputs[..., None], lengths)
    assert together == [
        tiny.transcribe(inputs[b : b + 1, :n, None], lengths[b : b + 1])[0] for b, n in ((0, 16000), (1, 20000))
    ]
    assert all(text.startswith("w") for text in together)


@pytest.mark.parametrize("samples", [1, 161, 480000])
def test_any_length_trains_and_is_heard(tiny: Whisper, samples: int) -> None:
    inputs, lengths = torch.zeros(1, samples, 1), torch.tensor([samples])
    loss = tiny.loss(inputs, lengths, ["w5 w6"])
    loss.backward()
    assert loss.isfinite()
    assert [n for n, p in tiny.named_parameters() if p.requires_grad and p.grad is None] == []
    assert isinstance(tiny.transcribe(inputs, lengths)[0], str)


def test_the_loss_is_that_of_the_text_alone(tiny: Whisper) -> None:
    inputs, lengths = voice(1.0)[None, :, None], torch.tensor([16000])
    alone = tiny.loss(inputs, lengths, ["w5"])
    logits = tiny(inputs, lengths, torch.tensor([[50257, 50362, 5]]))[0]
    expected = torch.nn.functional.cross_entropy(logits[1:], torch.tensor([5, MARKS.end]))
    torch.testing.assert_close(alone, expected)
    longer = tiny.loss(inputs.expand(2, -1, -1), lengths.expand(2), ["w5", "w5 w6 w7"])
    assert not torch.isclose(longer, alone)


def test_more_than_a_window_is_told_where_it_cannot_be(tiny: Whisper) -> None:
    with pytest.raises(ZooError, match="is longer than 30 s"):
        tiny(torch.zeros(1, 480001, 1), torch.tensor([480001]), torch.tensor([[50257]]))
    with pytest.raises(ZooError, match="have 2 features; this model takes 1"):
        tiny.transcribe(torch.zeros(1, 100, 2), torch.tensor([100]))
    with pytest.raises(ZooError, match="sample_rate=8000"):
        build(2, 1, sample_rate=8000)
    with pytest.raises(ZooError, match="has no vocabulary: it comes with the weights"):
        build(2, 1, size=(32, 1, 2)).transcribe(torch.zeros(1, 100, 1), torch.tensor([100]))


def test_the_vocabulary_travels_with_the_weights(tiny: Whisper, tmp_path: Path) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tiny.state_dict().items()}, tmp_path / "w.safetensors")
    again = build(2, 1, size=(32, 1, 2)).eval()
    again.load_state_dict(load_file(tmp_path / "w.safetensors"))
    inputs, lengths = voice(1.0)[None, :, None], torch.tensor([16000])
    assert again.transcribe(inputs, lengths) == tiny.transcribe(inputs, lengths)


def test_a_run_is_opened_with_its_vocabulary_and_with_no_other_shape(tiny: Whisper, tmp_path: Path) -> None:
    options = {"size": [32, 1, 2], "vocabulary": ENGLISH, "language": "en"}
    head = {"model": "whisper_tiny_en", "options": options, "classes": ["blank", "a"], "bands": ["waveform"]}
    run = Run(tmp_path)
    run.save_model(tiny, head)
    again = run.load_model()
    assert isinstance(again, Whisper)
    assert torch.equal(again.tokenizer.description, tiny.tokenizer.description)
    run.save_model(tiny, {**head, "options": {**options, "size": [32, 2, 2]}})
    with pytest.raises(ZooError, match="do not fit whisper_tiny_en"):
        run.load_model()


def test_the_encoder_stays_as_it_is_where_it_is_frozen() -> None:
    model = build(2, 1, size=(32, 1, 2), frozen_encoder=True)
    assert {n.split(".")[1] for n, p in model.named_parameters() if p.requires_grad} == {"decoder"}


@pytest.mark.real
def test_known_answer() -> None:
    """What CTranslate2 4 says of the same container: the encoder's answers, the text, and how sure it is that nobody spoke."""
    model = zoo.create("whisper_tiny_en", classes=2, bands=("waveform",), pretrained=True).eval()
    wave = voice(3.0)
    assert isinstance(model.network, WhisperNetwork)
    with torch.no_grad():
        heard = model.network.listen(torch.nn.functional.pad(wave, (0, PIECE - len(wave)))[None])
        state = model.encode(wave[None])
        logits = model.network.write(torch.tensor([[50257, 50362]]), state)[0][0]
    expected = [-0.6555840969, -0.4439359605, -0.4056991041, 0.0361782759, 0.2354560345]
    torch.testing.assert_close(heard[0, ::300, 0], torch.tensor(expected), atol=5e-3, rtol=0)
    assert float(logits[0].softmax(dim=0)[MARKS.silence]) == pytest.approx(0.8017706, abs=5e-3)
    (found,) = model.search(state, times=False)
    assert found.tokens == (921,)
    assert found.silent
    assert model.transcribe(wave[None, :, None], torch.tensor([len(wave)])) == [""]


@pytest.mark.real
def test_a_recording_of_half_a_minute_is_put_together() -> None:
    model = zoo.create("whisper_tiny_en", classes=2, bands=("waveform",), pretrained=True).eval()
    sounds = "debian://asterisk-core-sounds-en-wav==1.6.1-1/usr/share/asterisk/sounds/en_US_f_Allison"
    waves = []
    for name in ("vm-intro", "demo-congrats"):
        wave, _ = soundfile.read(fetch([f"{sounds}/{name}.wav"]).path, dtype="float32")
        waves.append(torch.from_numpy(resample_poly(wave, 2, 1).astype(np.float32)))
    wave = torch.cat(waves)  # 36 s
    (segments,) = model.segments(wave[None, :, None], torch.tensor([len(wave)]))
    text = " ".join(segment.text for segment in segments)
    assert text.startswith("Please leave your message after the tone.")
    assert "You have successfully installed and executed the" in text
    assert text.endswith("simulate the actions of a standard telephone.")
    assert all(0 <= s.begin < s.end <= len(wave) / 16000 + 0.02 for s in segments)
    assert all(one.end <= other.begin for one, other in pairwise(segments))
