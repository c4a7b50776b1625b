"""Backbones: freezing, and float32 where bfloat16 is slow, change what they say and nothing else."""

import copy
import pickle

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from zoo.backbone.depthwise import Float32Conv2d, keep_float32
from zoo.backbone.features import Features
from zoo.errors import ZooError

NAME = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def features() -> Features:
    torch.manual_seed(0)
    return Features(NAME, 3, [8, 16])


def test_frozen_layers_stay_as_they_are_and_the_rest_learns(features: Features) -> None:
    backbone = copy.deepcopy(features).train()
    backbone.freeze(4)
    before = copy.deepcopy(backbone.state_dict())
    frozen = {name for name in backbone.select([4]).state_dict() if name.startswith("trunk.")}
    optimizer = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], lr=0.1)
    backbone.eval().train()
    torch.stack([m.square().mean() for m in backbone(torch.rand(2, 3, 64, 64))]).sum().backward()
    optimizer.step()
    changed = {name for name, value in backbone.state_dict().items() if not torch.equal(value, before[name])}
    assert frozen
    assert not changed & frozen
    assert {n for n, _ in features.named_parameters() if n not in frozen} == changed  # and no running statistics


def test_freezing_up_to_a_stride_that_is_not_there_is_told(features: Features) -> None:
    with pytest.raises(ZooError, match="no features of stride 5"):
        copy.deepcopy(features).freeze(5)


def test_slow_depthwise_convolutions_stay_in_float32(features: Features) -> None:
    kept = [m for m in features.modules() if isinstance(m, Float32Conv2d)]
    assert {(m.kernel_size[0], m.stride[0]) for m in kept} == {(3, 2), (5, 1), (5, 2)}
    assert all(m.groups == m.in_channels for m in kept)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        images = torch.rand(1, kept[0].in_channels, 9, 9)
        assert kept[0](images.bfloat16()).dtype == torch.float32
        assert nn.Conv2d(4, 4, 3)(torch.rand(1, 4, 9, 9)).dtype == torch.bfloat16


@pytest.mark.parametrize("kind", [nn.Conv2d, Conv2dSame])
def test_a_kept_convolution_computes_and_is_saved_as_before(kind: type[nn.Conv2d]) -> None:
    plain = kind(6, 6, 5, stride=2, groups=6)
    kept = keep_float32(nn.Sequential(copy.deepcopy(plain)))[0]
    images = torch.rand(2, 6, 11, 14)
    assert type(kept) is not type(plain)
    assert torch.equal(kept(images), plain(images))
    exact = plain(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(kept(images), exact)
        assert not torch.equal(plain(images).float(), exact)
    assert list(kept.state_dict()) == list(plain.state_dict())
    assert torch.equal(pickle.loads(pickle.dumps(kept))(images), kept(images))  # noqa: S301
