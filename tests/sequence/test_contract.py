"""Every sequence model of the registry keeps the contract of `zoo.sequence`, and its card tells the truth."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import zoo
from zoo.errors import ZooError

NAMES = [name for name, card in zoo.cards().items() if card.task == "sequence"]
K = 5


def build(name: str, classes: int = K, features: int | None = None) -> nn.Module:
    """Build a model with the features that its card was designed for, or with so many."""
    designed = zoo.card(name).designed_for
    bands = designed.bands if features is None else tuple(f"feature{i}" for i in range(features))
    return zoo.create(name, classes=classes, bands=bands)


def batch(name: str, lengths: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return inputs (B, T, F) in [-0.5, 0.5] and lengths (B,)."""
    features = len(zoo.card(name).designed_for.bands)
    return torch.rand(len(lengths), max(lengths), features) - 0.5, torch.tensor(lengths)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_there_are_models() -> None:
    assert "ds_cnn_s" in NAMES


@pytest.mark.parametrize("lengths", [(4000,), (1, 159, 160, 161), (2399, 801, 4000)])
def test_shapes(name: str, lengths: tuple[int, ...]) -> None:
    outputs = build(name).eval()(*batch(name, lengths))
    assert outputs.shape == (len(lengths), K)
    assert outputs.isfinite().all()


def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = build(name).train()
    outputs = model(*batch(name, (3000, 1234, 777, 2001)))
    torch.nn.functional.cross_entropy(outputs, torch.arange(4)).backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all() or not p.grad.any()]
    assert idle == []


def test_a_sequence_alone_is_the_sequence_in_a_batch(name: str) -> None:
    model = trained_a_little(name)
    inputs, lengths = batch(name, (2400, 1, 37, 1603, 2399))
    with torch.no_grad():
        together = model(inputs, lengths)
        alone = torch.cat([model(inputs[i : i + 1, :n], lengths[i : i + 1]) for i, n in enumerate(lengths.tolist())])
    assert together.std(dim=0).min() > 1e-4, "the outputs do not depend on the input, so this would prove nothing"
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rubbish", [float("nan"), 1e4])
def test_padding_may_hold_anything(name: str, rubbish: float) -> None:
    model = trained_a_little(name)
    inputs, lengths = batch(name, (2400, 500))
    dirty = inputs.clone()
    dirty[1, 500:] = rubbish
    inputs[1, 500:] = 0
    with torch.no_grad():
        torch.testing.assert_close(model(dirty, lengths), model(inputs, lengths), atol=0, rtol=0)


def test_training_statistics_ignore_padding(name: str) -> None:
    model = build(name).train()
    inputs, lengths = batch(name, (1700, 500, 901))
    longer = torch.cat([inputs, torch.randn(3, 4001, inputs.shape[2])], dim=1)
    start = {key: value.clone() for key, value in model.state_dict().items()}
    torch.manual_seed(1)
    model(inputs, lengths)
    tight = {key: value.clone() for key, value in model.named_buffers()}
    model.load_state_dict(start)
    torch.manual_seed(1)
    model(longer, lengths)
    assert any(not torch.equal(tight[key], start[key]) for key in tight if key in start)
    for key, value in model.named_buffers():
        torch.testing.assert_close(value, tight[key], atol=1e-6, rtol=1e-5)


def test_silence_and_a_single_step_are_finite(name: str) -> None:
    model = build(name).eval()
    _, lengths = batch(name, (1, 1000))
    for training in (False, True):
        outputs = model.train(training)(torch.zeros_like(batch(name, (1, 1000))[0]), lengths)
        assert outputs.isfinite().all()


def test_there_and_back_through_a_file(name: str, tmp_path: Path) -> None:
    model = trained_a_little(name)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, tmp_path / "weights.safetensors")
    torch.manual_seed(9)
    again = build(name).eval()
    inputs, lengths = batch(name, (900, 450))
    with torch.no_grad():
        assert not torch.equal(again(inputs, lengths), model(inputs, lengths))
        again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
        torch.testing.assert_close(again(inputs, lengths), model(inputs, lengths), atol=0, rtol=0)


@pytest.mark.parametrize("features", [1, 3])
def test_other_features(name: str, features: int) -> None:
    model = build(name, features=features).eval()
    inputs, lengths = torch.rand(2, 1200, features), torch.tensor([1200, 600])
    assert model(inputs, lengths).shape == (2, K)
    with pytest.raises(ZooError, match=f"{features + 1} features"):
        model(torch.rand(2, 1200, features + 1), lengths)


def test_the_card_counts_its_parameters(name: str) -> None:
    designed = zoo.card(name).designed_for
    model = build(name, classes=designed.classes or K)
    assert sum(p.numel() for p in model.parameters()) == zoo.card(name).parameters


def trained_a_little(name: str) -> nn.Module:
    """Return a model in evaluation whose statistics have seen data, so that its outputs are not all the same."""
    model = build(name).train()
    with torch.no_grad():
        for _ in range(20):
            model(*batch(name, (2400, 1600, 900, 2000)))
    return model.eval()
