"""The layers that keep padding out do what the native ones do without padding."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from zoo.sequence.dropout import StripeDropout, stripe
from zoo.sequence.masking import MaskedBatchNorm, TimeConv, mean_over_time, valid


def test_normalisation_is_the_native_one_over_the_valid_steps() -> None:
    lengths = torch.tensor([7, 1, 4])
    maps = (3 + 2 * torch.randn(3, 6, 7, 5)).to(memory_format=torch.channels_last).requires_grad_()
    mask = valid(lengths, 7)
    ours, native = MaskedBatchNorm(6), nn.BatchNorm2d(6)
    packed = maps.detach().permute(0, 2, 3, 1)[mask].permute(2, 0, 1)[None].requires_grad_()  # (1, C, N, F)
    out, expected = ours(maps, mask), native(packed)
    spread = out.permute(0, 2, 3, 1)
    torch.testing.assert_close(spread[mask], expected[0].permute(1, 2, 0))
    assert not spread[~mask].any()
    torch.testing.assert_close(ours.running_mean, native.running_mean)
    torch.testing.assert_close(ours.running_var, native.running_var)
    weights = torch.randn_like(out)
    (out * weights).sum().backward()
    (expected * weights.permute(0, 2, 3, 1)[mask].permute(2, 0, 1)[None]).sum().backward()
    torch.testing.assert_close(maps.grad.permute(0, 2, 3, 1)[mask], packed.grad[0].permute(1, 2, 0))
    torch.testing.assert_close(ours.weight.grad, native.weight.grad)


@given(steps=st.integers(1, 40), stride=st.integers(1, 3), kernel=st.integers(1, 11))
@settings(max_examples=40, deadline=None)
def test_convolutions_count_their_steps(steps: int, stride: int, kernel: int) -> None:
    conv = TimeConv(1, 2, (kernel, 3), (stride, 1))
    out = conv(torch.randn(1, 1, steps, 6))
    assert out.shape == (1, 2, conv.steps(torch.tensor(steps)), 6) == (1, 2, -(-steps // stride), 6)


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_mean_is_over_own_steps(lengths: list[int]) -> None:
    features = torch.randn(len(lengths), max(lengths), 3)
    expected = torch.stack([row[:n].mean(dim=0) for row, n in zip(features, lengths, strict=True)])
    torch.testing.assert_close(mean_over_time(features, torch.tensor(lengths)), expected)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_stripes_stay_inside_and_are_no_wider_than_said(share: float) -> None:
    lengths = torch.randint(1, 50, (4000,))
    mask = stripe(lengths, share, 50)
    assert not (mask & ~valid(lengths, 50)).any()
    width = mask.sum(dim=1)
    assert (width <= (share * lengths).round()).all()
    begins = (mask[:, 1:] & ~mask[:, :-1]).sum(dim=1) + mask[:, 0]
    assert (begins <= 1).all()
    if share:
        long = lengths > 40
        assert abs((width[long] / lengths[long]).mean() - share / 2) < 0.03
        assert mask[long, 0].any()
        assert mask[long & (lengths == 49), 48].any()


def test_stripes_are_for_training_only() -> None:
    layer, maps, lengths = StripeDropout(0.5, 0.5), torch.rand(8, 1, 20, 10) + 1, torch.full((8,), 20)
    assert torch.equal(layer.eval()(maps, lengths), maps)
    assert (layer.train()(maps, lengths) == 0).any()
