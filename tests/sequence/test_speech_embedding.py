"""The speech embedding: its front end against librosa, its network against the graph that its weights come from."""

import librosa
import numpy as np
import pytest
import torch

import zoo
from zoo.errors import ZooError
from zoo.sequence.speech_embedding import FRAMES, MARGIN, STRIDE, Decibels, Trunk
from zoo.weights.layouts import LAYOUTS


def test_decibels_are_librosas() -> None:
    wave = np.random.default_rng(0).uniform(-0.3, 0.3, 9000).astype(np.float32)
    wave[3000:5000] *= 0.001
    mine = Decibels()(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))[0].T.numpy()
    mel = librosa.feature.melspectrogram(
        y=np.pad(wave, MARGIN) * 32767, sr=16000, n_fft=512, win_length=400, hop_length=160, center=False,
        n_mels=32, fmin=60, fmax=3800,
    )  # fmt: skip
    theirs = librosa.power_to_db(mel, top_db=80) / 10 + 2
    assert np.abs(mine - theirs).max() < 1e-3


@pytest.mark.parametrize("frames", [*range(FRAMES, FRAMES + 2 * STRIDE + 1), 200])
def test_every_eight_frames_give_an_answer(frames: int) -> None:
    answers = Trunk(1, 0)(torch.rand(1, 1, frames, 32))
    assert answers.shape == (1, int(Trunk.steps(torch.tensor(frames))), 96)


def test_an_answer_knows_its_own_frames_alone() -> None:
    trunk, maps = Trunk(1, 0).eval(), torch.rand(1, 1, FRAMES + 3 * STRIDE, 32)
    whole = trunk(maps)
    alone = trunk(maps[:, :, 2 * STRIDE : 2 * STRIDE + FRAMES])
    assert torch.allclose(whole[:, 2], alone[:, 0], atol=1e-5)


def test_frozen_layers_are_the_first_ones() -> None:
    model = zoo.create("speech_embedding", classes=3, bands=("waveform",), frozen_layers=5)
    trained = [any(p.requires_grad for p in layer.parameters()) for layer in model.backbone.layers]  # type: ignore[union-attr]
    assert trained == [False] * 5 + [True] * 15
    with pytest.raises(ZooError, match="frozen_layers=21"):
        zoo.create("speech_embedding", classes=3, bands=("waveform",), frozen_layers=21)


def test_other_rates_are_refused() -> None:
    with pytest.raises(ZooError, match="sample_rate=8000"):
        zoo.create("speech_embedding", classes=3, bands=("waveform",), sample_rate=8000)


@pytest.mark.real
def test_the_network_is_the_graph_that_its_weights_come_from() -> None:
    import onnx
    from onnx.reference import ReferenceEvaluator

    from zoo.sources.tensors import open_weights
    from zoo.weights.files import fetch_weights

    fetched, file = fetch_weights(zoo.card("speech_embedding").weights[0])
    trunk = Trunk(1, 0)
    trunk.load_state_dict(LAYOUTS[file.layout](open_weights(fetched.path)))
    window = np.random.default_rng(1).uniform(-2, 8, (1, FRAMES, 32, 1)).astype(np.float32)
    (theirs,) = ReferenceEvaluator(onnx.load(fetched.path)).run(None, {"input_1": window})
    with torch.no_grad():
        mine = trunk(torch.from_numpy(window[..., 0])[:, None])[0, 0].numpy()
    assert np.abs(mine - theirs.ravel()).max() < 1e-3 * np.abs(theirs).max()
