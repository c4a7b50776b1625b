"""Every sequence model of the registry keeps the contract of `zoo.sequence`, and its card tells the truth."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import zoo
from zoo.errors import ZooError
from zoo.sequence.kinds import Structured

#: Those that translate take the target too, and Whisper writes tokens: tests/sequence/test_translators.py and test_whisper.py
#: hold them to the contract.
WRITERS = ("whisper_tiny_en", "whisper_base")
NAMES = [
    name
    for name, card in zoo.cards().items()
    if card.task == "sequence" and card.objectives != ("translate",) and name not in WRITERS
]
K = 5
#: What a model gives for B sequences of T steps with F features, by the first objective of its card.
GIVES = {
    "classify": lambda B, T, F: (B, K),
    "tag": lambda B, T, F: (B, T, K),
    "forecast": lambda B, T, F: (B, 24, F, 9),
    "detect_anomalies": lambda B, T, F: (B, T),
    "detect_speech": lambda B, T, F: (B, -(-T // 512), K),  # pieces of 512 samples
    "transcribe": lambda B, T, F: (B, (T // 80 + 4) // 4, K),  # frames each 10 ms at 8 kHz, of which a quarter stays
}
#: Objectives whose models give fewer steps than they take; `output_lengths` counts them.
FEWER = ("detect_speech", "transcribe")
#: Buffers that a solution sets, or a vocabulary that comes with the weights, not the passing of data.
SOLVED = (
    *("kernels", "dilations", "thresholds", "errors", "lags"),
    *("whitening", "beside", "scale.mean", "scale.deviation"),
    "tokenizer.description",
)
#: Parameters of periods, which noise has none of; tests/sequence/test_fracast.py has series with some.
NOISE_HAS_NONE = {"fracast": ["phase.weight"]}
#: Models of waveforms are tried on thousands of steps; those of series, which are shorter, on a tenth.
SERIES = 10


def asked(name: str) -> str:
    """Return the first objective of a card."""
    return next(iter(zoo.card(name).objectives), "classify")


def scaled(name: str, *lengths: int) -> tuple[int, ...]:
    """Return these lengths of waveforms as they are for the kind of sequence that a model is for."""
    waveforms = zoo.card(name).designed_for.sample_rate is not None
    return lengths if waveforms else tuple(max(1, length // SERIES) for length in lengths)


def build(name: str, classes: int = K, features: int | None = None) -> nn.Module:
    """Build a model with the features that its card was designed for, or with so many."""
    designed = zoo.card(name).designed_for
    bands = designed.bands if features is None else tuple(f"feature{i}" for i in range(features))
    small = {"layers": 1} if "layers" in zoo.card(name).options else {}
    return zoo.create(name, classes=classes, bands=bands, **small)


def batch(name: str, lengths: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return inputs (B, T, F) and lengths (B,): numbers in [-0.5, 0.5], or whole ones where words have numbers."""
    designed = zoo.card(name).designed_for
    features = len(designed.bands)
    if designed.dtype == "int64":  # carried as float32, which rubbish behind the end may be too
        return torch.randint(1, 120, (len(lengths), max(lengths), features)).float(), torch.tensor(lengths)
    return torch.rand(len(lengths), max(lengths), features) - 0.5, torch.tensor(lengths)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_there_are_models() -> None:
    assert "ds_cnn_s" in NAMES


@pytest.mark.parametrize("lengths", [(4000,), (1, 159, 160, 161), (2399, 801, 4000)])
def test_shapes(name: str, lengths: tuple[int, ...]) -> None:
    inputs, lengths_ = batch(name, scaled(name, *lengths))
    outputs = build(name).eval()(inputs, lengths_)
    assert outputs.shape == GIVES[asked(name)](*inputs.shape)
    assert outputs.isfinite().all()


def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = build(name).train()
    inputs, lengths = batch(name, scaled(name, 3000, 1234, 777, 2001))
    outputs = model(inputs, lengths)
    if not list(model.parameters()):
        return
    (outputs.float() * torch.randn(outputs.shape)).sum().backward(retain_graph=True)
    if isinstance(model, Structured):
        model.loss(outputs, torch.randint(K, outputs.shape[:2]), lengths).backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all() or not p.grad.any()]
    assert idle == NOISE_HAS_NONE.get(name, [])


def test_a_sequence_alone_is_the_sequence_in_a_batch(name: str) -> None:
    model = trained_a_little(name)
    inputs, lengths = batch(name, scaled(name, 2400, 1, 370, 1603, 2399))
    with torch.no_grad():
        together = model(inputs, lengths)
        singles = [model(inputs[i : i + 1, :n], lengths[i : i + 1])[0] for i, n in enumerate(lengths.tolist())]
    by_step = GIVES[asked(name)](7, 11, 13)[1] == 11 or asked(name) in FEWER
    assert together[[0, 2, 3, 4], :1].std(dim=0).min() > 1e-4 or by_step, "nothing depends on the input: no proof"
    for row, alone in zip(together, singles, strict=True):
        torch.testing.assert_close(row[: len(alone)] if by_step else row, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rubbish", [float("nan"), 1e4])
def test_padding_may_hold_anything(name: str, rubbish: float) -> None:
    model = trained_a_little(name)
    inputs, lengths = batch(name, scaled(name, 2400, 500))
    end = int(lengths[1])
    dirty = inputs.clone()
    dirty[1, end:] = rubbish
    inputs[1, end:] = 0
    with torch.no_grad():
        clean, found = model(inputs, lengths), model(dirty, lengths)
    by_step = GIVES[asked(name)](7, 11, 13)[1] == 11 or asked(name) in FEWER
    torch.testing.assert_close(found[0], clean[0], atol=0, rtol=0)
    torch.testing.assert_close(*((x[1, :end] if by_step else x[1]) for x in (found, clean)), atol=0, rtol=0)


def test_training_statistics_ignore_padding(name: str) -> None:
    model = build(name).train()
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # what it draws depends on the shape
    inputs, lengths = batch(name, scaled(name, 1700, 500, 901))
    longer = torch.cat([inputs, torch.randn(3, 1 + inputs.shape[1], inputs.shape[2])], dim=1)
    start = {key: value.clone() for key, value in model.state_dict().items()}
    torch.manual_seed(1)
    model(inputs, lengths)
    tight = {key: value.clone() for key, value in model.named_buffers()}
    model.load_state_dict(start)
    torch.manual_seed(1)
    model(longer, lengths)
    kept = [key for key in tight if key in start and key not in SOLVED]
    assert not kept or any(not torch.equal(tight[key], start[key]) for key in kept)
    for key, value in model.named_buffers():
        torch.testing.assert_close(value, tight[key], atol=1e-6, rtol=1e-5)


def test_silence_and_a_single_step_are_finite(name: str) -> None:
    model = build(name).eval()
    inputs, lengths = batch(name, scaled(name, 1, 1000))
    for training in (False, True):
        outputs = model.train(training)(torch.zeros_like(inputs), lengths)
        assert outputs.isfinite().all()


def test_there_and_back_through_a_file(name: str, tmp_path: Path) -> None:
    model = trained_a_little(name)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, tmp_path / "weights.safetensors")
    torch.manual_seed(9)
    again = build(name).eval()
    inputs, lengths = batch(name, scaled(name, 1800, 450))
    with torch.no_grad():
        assert not list(model.parameters()) or not torch.equal(again(inputs, lengths), model(inputs, lengths))
        again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
        torch.testing.assert_close(again(inputs, lengths), model(inputs, lengths), atol=0, rtol=0)


@pytest.mark.parametrize("features", [1, 3])
def test_other_features(name: str, features: int) -> None:
    if zoo.card(name).designed_for.bands == ("letter",) and features > 1:
        with pytest.raises(ZooError, match=f"takes one feature, the letter; the data have {features}"):
            build(name, features=features)
        return
    model = build(name, features=features).eval()
    long, short = scaled(name, 1200, 600)
    inputs, lengths = torch.rand(2, long, features), torch.tensor([long, short])
    assert model(inputs, lengths).shape == GIVES[asked(name)](*inputs.shape)
    with pytest.raises(ZooError, match=f"{features + 1} features"):
        model(torch.rand(2, long, features + 1), lengths)


def test_the_card_counts_its_parameters(name: str) -> None:
    designed = zoo.card(name).designed_for
    model = zoo.create(name, classes=designed.classes or K, bands=designed.bands)
    assert sum(p.numel() for p in model.parameters()) == zoo.card(name).parameters


def trained_a_little(name: str) -> nn.Module:
    """Return a model in evaluation whose statistics have seen data, so that its outputs are not all the same."""
    model = build(name).train()
    with torch.no_grad():
        for _ in range(20):
            model(*batch(name, scaled(name, 2400, 1600, 900, 2000)))
    return model.eval()
