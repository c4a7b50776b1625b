"""Every translator of the registry keeps the contract of `EncoderDecoder`, and its card tells the truth."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import zoo
from zoo.errors import ZooError
from zoo.sequence.beam import Beam, take
from zoo.sequence.kinds import EncoderDecoder
from zoo.sequence.vocabulary import BEGIN

NAMES = [name for name, card in zoo.cards().items() if card.objectives == ("translate",)]
K, WORDS = 17, 40


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def build(name: str) -> Any:
    torch.manual_seed(0)
    return zoo.create(name, classes=K, bands=("token",), vocabulary=WORDS)


def batch(*lengths: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs (B, T, 1), lengths (B,) and tokens (B, 5) that begin with BEGIN."""
    tokens = torch.randint(4, K, (len(lengths), 5))
    tokens[:, 0] = BEGIN
    return torch.randint(4, WORDS, (len(lengths), max(lengths), 1)), torch.tensor(lengths), tokens


def test_there_are_translators() -> None:
    assert {"seq2seq", "transformer"} <= set(NAMES)


def test_steps_are_the_whole_at_once(name: str) -> None:
    model = build(name).eval()
    assert isinstance(model, EncoderDecoder)
    inputs, lengths, tokens = batch(9, 1, 4)
    with torch.no_grad():
        whole, state = model(inputs, lengths, tokens), model.encode(inputs, lengths)
        assert whole.shape == (3, 5, K)
        for place, token in enumerate(tokens.unbind(1)):
            logits, state = model.step(token, state)
            torch.testing.assert_close(logits, whole[:, place], atol=1e-5, rtol=1e-5)
            attention = state["attention"]
            torch.testing.assert_close(attention.sum(dim=1), torch.ones(3))
            assert not attention[1, 1:].any()
            assert not attention[2, 4:].any()


def test_what_comes_later_changes_nothing_before(name: str) -> None:
    model = build(name).eval()
    inputs, lengths, tokens = batch(6, 3)
    other = tokens.clone()
    other[:, 3:] = (other[:, 3:] - 3) % (K - 4) + 4
    with torch.no_grad():
        one, two = model(inputs, lengths, tokens), model(inputs, lengths, other)
    torch.testing.assert_close(one[:, :3], two[:, :3])
    assert not torch.allclose(one[:, 3], two[:, 3])


@pytest.mark.parametrize("rubbish", [0.0, float("nan"), 31.0])
def test_a_text_alone_is_the_text_in_a_batch(name: str, rubbish: float) -> None:
    model = build(name).eval()
    inputs, lengths, tokens = batch(11, 1, 5)
    padded = inputs.float()
    for row, length in enumerate(lengths.tolist()):
        padded[row, length:] = rubbish
    with torch.no_grad():
        together = model(padded, lengths, tokens)
        for row, length in enumerate(lengths.tolist()):
            alone = model(inputs[row : row + 1, :length], lengths[row : row + 1], tokens[row : row + 1])
            torch.testing.assert_close(together[row], alone[0], atol=1e-5, rtol=1e-5)
    assert together.std(dim=0).min() > 1e-5, "nothing depends on what is read: no proof"


def test_beams_alone_are_beams_in_a_batch(name: str) -> None:
    model, beam = build(name).eval(), Beam(3, longest=7)
    inputs, lengths, _ = batch(8, 2, 5)
    together = beam.search(model, inputs, lengths)
    for row, length in enumerate(lengths.tolist()):
        (alone,) = beam.search(model, inputs[row : row + 1, :length], lengths[row : row + 1])
        assert alone.tokens == together[row].tokens
        assert alone.score == pytest.approx(together[row].score, abs=1e-5)
        torch.testing.assert_close(alone.attention, together[row].attention[:, :length], atol=1e-5, rtol=1e-5)


def test_states_can_be_reordered(name: str) -> None:
    model = build(name).eval()
    inputs, lengths, tokens = batch(6, 3, 4)
    order = torch.tensor([2, 0, 0, 1])
    with torch.no_grad():
        _, state = model.step(tokens[:, 0], model.encode(inputs, lengths))
        straight, _ = model.step(tokens[:, 1], state)
        turned, _ = model.step(tokens[order, 1], take(state, order))
    torch.testing.assert_close(turned, straight[order])


def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = build(name).train()
    model(*batch(9, 4, 6)).square().sum().backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all() or not p.grad.any()]
    assert idle == []


def test_there_and_back_through_a_file(name: str, tmp_path: Path) -> None:
    model, given = build(name).eval(), batch(5, 3)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, tmp_path / "weights.safetensors")
    torch.manual_seed(9)
    again = zoo.create(name, classes=K, bands=("token",), vocabulary=WORDS).eval()
    again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    with torch.no_grad():
        torch.testing.assert_close(again(*given), model(*given), atol=0, rtol=0)


def test_the_card_counts_its_parameters(name: str) -> None:
    card = zoo.card(name)
    model = zoo.create(name, classes=card.designed_for.classes or 0, bands=card.designed_for.bands)
    assert sum(p.numel() for p in model.parameters()) == card.parameters


def test_refusals(name: str) -> None:
    with pytest.raises(ZooError, match="bands=2 are not it"):
        zoo.create(name, classes=K, bands=("a", "b"))
    with pytest.raises(ZooError, match="2 features; this model takes 1"):
        build(name)(torch.ones(1, 3, 2), torch.tensor([3]), torch.tensor([[BEGIN]]))
