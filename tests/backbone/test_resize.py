"""Images scaled within an exported graph are those that PyTorch scales, whatever their size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.backbone.resize import resize, shares

SIDES = st.integers(1, 70)


@settings(max_examples=30)
@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES))
def test_products_scale_as_pytorch_does(size: tuple[int, int], own: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *own)
    want = resize(images, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.compiler, "is_exporting", lambda: True)
        torch.testing.assert_close(resize(images, size), want, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [(2, 1), (1, 2), (1, 1), (5, 1)])
def test_one_column_or_row_is_scaled_as_several_are(size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, 6, 6)
    wide = images if size[1] > 1 else images.mean(dim=3, keepdim=True).expand(-1, -1, -1, 6)
    flat = wide if size[0] > 1 else wide.mean(dim=2, keepdim=True).expand(-1, -1, 6, -1)
    several = resize(flat, (max(size[0], 2), max(size[1], 2)))
    torch.testing.assert_close(resize(flat, size), several[:, :, : size[0], : size[1]])


@given(SIDES, SIDES)
def test_every_pixel_is_a_mean(size: int, length: int) -> None:
    found = shares(size, length)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(size))
    assert (found >= 0).all()
    assert size != length or torch.equal(found, torch.eye(size))
