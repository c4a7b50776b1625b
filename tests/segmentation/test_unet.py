"""The U-Net's depth, and backbones that lack a stride."""

import pytest
import torch
from torch import Tensor, nn

import zoo
from zoo.errors import ZooError
from zoo.segmentation.unet import build


class Coarse(nn.Module):
    """A backbone whose first map has stride 4, as ConvNeXt's or Swin's."""

    def __init__(self) -> None:
        super().__init__()
        self.strides, self.channels = [4, 8, 16], [6, 7, 8]
        self.layers = nn.ModuleList(
            nn.Conv2d(3, c, s, stride=s) for s, c in zip(self.strides, self.channels, strict=True)
        )

    def select(self, strides: list[int]) -> "Coarse":
        assert list(strides) == self.strides
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        return [layer(images) for layer in self.layers]


def test_depth_is_the_number_of_decoder_channels() -> None:
    shallow, deep = (zoo.create("unet", classes=2, decoder_channels=c) for c in ((16, 8, 8), (32, 16, 8, 8, 8)))
    assert (shallow.strides, deep.strides) == ((2, 4, 8), (2, 4, 8, 16, 32))
    # stages behind the coarsest map are not built
    assert sum(p.numel() for p in shallow.backbone.parameters()) < 0.1 * sum(
        p.numel() for p in deep.backbone.parameters()
    )
    assert shallow.eval()(torch.rand(1, 3, 30, 30)).shape == (1, 2, 30, 30)


def test_a_backbone_without_stride_2_has_no_skip_there() -> None:
    model = build(2, 3, Coarse(), decoder_channels=(16, 8, 8, 4)).eval()
    images = torch.rand(2, 3, 37, 50)
    assert model(images).shape == (2, 2, 37, 50)
    assert model.decoder.blocks[-2].conv1[0].in_channels == 8  # stride 2: the decoder's own channels alone
    assert model.decoder.blocks[0].conv1[0].in_channels == 8 + 7


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_depth_that_the_backbone_lacks_is_refused(count: int) -> None:
    with pytest.raises(ZooError, match=rf"of {count} steps .* strides \[4, 8, 16\]; with them it can have 2, 3, 4"):
        build(2, 3, Coarse(), decoder_channels=(8,) * count)


def test_an_image_of_one_colour_has_no_edge() -> None:
    """Padding repeats the border: the logits of a constant image do not depend on how much of it is padding."""
    model = zoo.create("unet", classes=2, decoder_channels=(16, 8, 8)).eval()
    with torch.no_grad():
        whole, cut = model(torch.full((1, 3, 160, 160), 0.3)), model(torch.full((1, 3, 153, 155), 0.3))
    torch.testing.assert_close(cut, whole[..., :153, :155], atol=1e-5, rtol=1e-4)


def test_gamma_is_in_the_model() -> None:
    model = zoo.create("unet", classes=2, decoder_channels=(16, 8, 8), gamma=0.5).eval()
    plain = zoo.create("unet", classes=2, decoder_channels=(16, 8, 8)).eval()
    plain.load_state_dict(model.state_dict())
    images = torch.rand(1, 3, 40, 40)
    with torch.no_grad():
        torch.testing.assert_close(model(images.square()), plain(images))
    with pytest.raises(ZooError, match="gamma=0 must be above 0"):
        zoo.create("unet", classes=2, gamma=0)


def test_frozen_layers_and_statistics_stay() -> None:
    model = zoo.create("unet", classes=2, decoder_channels=(16, 8, 8), frozen_stride=4).train()
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert not any(name.startswith("backbone.trunk.model.conv_stem") for name in trained)
    assert any(name.startswith("backbone.") for name in trained)
    before = {name: value.clone() for name, value in model.backbone.named_buffers()}
    model(torch.rand(2, 3, 32, 32)).sum().backward()
    assert all(p.grad is not None for p in trained.values())
    assert all(torch.equal(value, before[name]) for name, value in model.backbone.named_buffers())
