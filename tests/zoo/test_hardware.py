"""The memory layout is what trains a model faster on the processor at hand; a layout that was asked for is kept."""

import pytest

import zoo
from zoo import hardware

OLD, NEW = frozenset({"avx2", "fma"}), frozenset({"avx2", "avx512f"})


@pytest.mark.parametrize(
    ("name", "flags", "last"),
    [
        ("segnet_basic", OLD, False),
        ("unet_spacenet", OLD, False),
        ("kestrel_tiny", OLD, True),
        ("deeplab_v3plus", OLD, True),
        ("segnet_basic", NEW, True),
        ("segnet_basic", frozenset(), True),  # nothing is known of the processor
    ],
)
def test_dense_networks_are_contiguous_where_there_is_no_avx512(
    name: str, flags: frozenset[str], last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "flags", lambda: flags)
    model, chosen = zoo.create(name, classes=2), hardware.choose()
    settled = hardware.suited(chosen, model)
    assert settled.channels_last is last
    assert ("contiguous (dense convolutions, and no AVX-512)" in settled.why) is not last
    assert hardware.suited(hardware.choose(channels_last=True), model, asked=True).channels_last
    assert not hardware.suited(hardware.choose(channels_last=False), model, asked=False).channels_last
    assert settled.precision == chosen.precision


def test_the_share_of_dense_convolutions() -> None:
    from torch import nn

    pointwise, spatial, depthwise = (
        nn.Conv2d(4, 4, 1, bias=False),
        nn.Conv2d(4, 4, 3, bias=False),
        nn.Conv2d(4, 4, 3, groups=4),
    )
    assert hardware.dense(nn.Sequential(pointwise, spatial)) == pytest.approx(9 / 10)
    assert hardware.dense(depthwise) == hardware.dense(nn.ReLU()) == 0
