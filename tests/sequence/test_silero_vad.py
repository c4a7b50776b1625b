"""Silero's voice activity detector: pieces as they come, refusals, and the published network with the same weights."""

import math
import warnings

import pytest
import torch

import zoo
from zoo.errors import ZooError
from zoo.sequence.silero_vad import Listener, SileroVad
from zoo.sources import fetch
from zoo.weights.layouts import silero_vad

WHEEL = "pypi://silero-vad==6.2.3/silero_vad/data/"


@pytest.mark.parametrize("chunks", [[3000], [512] * 5 + [440], [1, 63, 2000, 936]])
def test_pieces_as_they_come_are_the_whole(chunks: list[int]) -> None:
    torch.manual_seed(0)
    model = SileroVad(2, 1).eval()
    wave = torch.rand(3000) - 0.5
    with torch.no_grad():
        whole = model(wave[None, :, None], torch.tensor([3000]))[0].softmax(dim=1)[:, 1]
    listener = Listener(model)
    parts = [listener.push(part) for part in wave.split(chunks)]
    torch.testing.assert_close(torch.cat([*parts, listener.push(wave[:0], last=True)]), whole)
    assert sum(map(len, parts)) == 3000 // 512


def test_names_of_the_published_parameters() -> None:
    model = SileroVad(2, 1)
    published = {
        "final_conv.weight": torch.ones(1, 128, 1),
        "lstm_cell.bias_hh": torch.ones(512),
        "conv4.bias": torch.ones(128),
    }
    renamed = silero_vad(published)
    assert set(renamed) == {"classifier.weight", "lstm.bias_hh_l0", "encoder.3.bias"}
    assert all(model.state_dict()[name].shape == tensor.shape for name, tensor in renamed.items())


def test_refusals() -> None:
    with pytest.raises(ZooError, match="know silence and speech, not 4 classes"):
        SileroVad(4, 1).load_backbone({})
    with pytest.raises(ZooError, match="tells 1 classes apart"):
        SileroVad(1, 1)


@pytest.mark.real
def test_the_published_network_says_the_same() -> None:
    """The package's own network, TorchScript, given our weights; see the card for why it is given them."""
    model = zoo.create("silero_vad", classes=2, bands=("waveform",), pretrained=True).eval()
    path = fetch([f"{WHEEL}silero_vad.jit"]).path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is what the package ships
        theirs = torch.jit.load(path)  # type: ignore[no-untyped-call]
    weights = theirs._model.state_dict()
    names = {"stft.weight": "stft.forward_basis_buffer"}
    names |= {f"encoder.{i}.{p}": f"encoder.{i}.reparam_conv.{p}" for i in range(4) for p in ("weight", "bias")}
    names |= {f"lstm.{p}_l0": f"decoder.rnn.{p}" for p in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    names |= {f"classifier.{p}": f"decoder.decoder.2.{p}" for p in ("weight", "bias")}
    for mine, other in names.items():
        weights[other].copy_(model.state_dict()[mine].reshape(weights[other].shape))
    time = torch.arange(512 * 60) / 16000
    voice = sum(torch.sin(2 * math.pi * 140 * k * time) / k for k in range(1, 20)) * (
        1 + torch.sin(2 * math.pi * 4 * time)
    )
    wave = 0.1 * voice * (time > 0.5) + 0.001 * torch.randn(len(time))
    theirs.reset_states()
    with torch.no_grad():
        expected = torch.tensor([theirs(piece[None], 16000).item() for piece in wave.split(512)])
        found = model(wave[None, :, None], torch.tensor([len(wave)]))[0].softmax(dim=1)[:, 1]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert found.std() > 0.01
