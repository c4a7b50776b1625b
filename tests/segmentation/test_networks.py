"""What the papers say of their networks, and the parts that are our own."""

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate, max_pool2d, max_unpool2d
from torchvision.models import vgg16_bn

import zoo
from zoo.errors import ZooError
from zoo.segmentation.espnet import Pyramid
from zoo.segmentation.fcn import doubled
from zoo.segmentation.segnet import Encoder


@pytest.mark.parametrize(
    ("name", "millions", "where"),
    [
        ("unet_2015", 31.03, "the caffe file of the authors, with one band and two classes"),
        ("segnet", 29.45, "table 6 of the paper: 29.45 M parameters with 11 classes"),
        ("segnet_basic", 1.42, "table 1 of the paper: 1.425 M, with its local response normalisation"),
        ("espnet", 0.364, "table 4 of the paper"),
        ("segformer_b0", 3.75, "table 1 of the paper, which rounds it to 3.8 M"),
    ],
)
def test_parameters_are_those_of_the_paper(name: str, millions: float, where: str) -> None:
    counted = zoo.card(name).parameters
    assert counted is not None
    assert counted / 1e6 == pytest.approx(millions, rel=0.01), where


def test_segnet_takes_the_weights_of_vgg16() -> None:
    model = zoo.create("segnet", classes=3).eval()
    published = vgg16_bn().eval()
    model.load_backbone(published.state_dict())  # type: ignore[operator]
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        normal = model.backbone.normalise(images)  # type: ignore[operator, union-attr]
        assert torch.allclose(model.backbone(images)[0], published.features(normal), atol=1e-5)  # type: ignore[operator]
    with pytest.raises(ZooError, match="lack"):
        model.load_backbone({"features.0.weight": torch.zeros(64, 3, 3, 3)})  # type: ignore[operator]


def test_unpooling_puts_each_maximum_back() -> None:
    images = torch.rand(1, 2, 16, 16)
    coarse, places = Encoder(2, ((4,),), 3).eval()(images)
    back = max_unpool2d(coarse, places[0], (2, 2))
    assert torch.equal(max_pool2d(back.clamp(min=0), 2), coarse.clamp(min=0))
    assert int((back != 0).sum()) <= coarse.numel()


def test_scores_are_enlarged_by_interpolation_at_first() -> None:
    scores = torch.rand(1, 3, 8, 8)
    mine = doubled(3)(scores)
    theirs = interpolate(scores, scale_factor=2, mode="bilinear", align_corners=False)
    assert torch.allclose(mine[..., 2:-2, 2:-2], theirs[..., 2:-2, 2:-2], atol=1e-6)


def test_a_pyramid_sees_as_far_as_its_widest_dilation() -> None:
    module = Pyramid(10, 10).eval()
    images = torch.zeros(1, 10, 65, 65, requires_grad=True)
    module(images)[0, :, 32, 32].sum().backward()
    rows = images.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()  # type: ignore[union-attr]
    assert (int(rows.min()), int(rows.max())) == (16, 48)


@pytest.mark.parametrize("depths", [[2], [0, 3], [1, 2, 3]])
def test_depths_of_espnet_that_make_no_network_are_refused(depths: list[int]) -> None:
    with pytest.raises(ZooError, match=r"model.depths="):
        zoo.create("espnet", classes=3, depths=depths)


def test_norms_of_espnet_are_those_of_its_published_weights() -> None:
    norms = [m for m in zoo.create("espnet", classes=3).modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) > 20
    assert {norm.eps for norm in norms} == {1e-3}
