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


@given(SIDES, SIDES)
def test_every_pixel_is_a_mean(size: int, length: int) -> None:
    found = shares(size, length)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(size))
    assert (found >= 0).all()
    assert size != length or torch.equal(found, torch.eye(size))
