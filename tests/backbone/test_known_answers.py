"""Backbones with weights from package registries say what the code that the weights come from says of the same picture.

The numbers were computed once with efficientnet-lite-pytorch 0.1.0, before its last convolution, at the size of each network:
it pads as that size asks, and so does ours there.
"""

import pytest
import torch

import zoo
from tests.known_answers import picture

ANSWERS = {
    ("tf_efficientnet_lite1", 240): [-2.416550875, 1.198507428, 4.584916115, 3.377006292, 0.8089693785],
    ("tf_efficientnet_lite2", 260): [
        2.1881880760,
        2.6277184486,
        3.4501438141,
        -2.1166634560,
        -1.0791177559,
        -5.7655301094,
    ],
}


@pytest.mark.real
@pytest.mark.parametrize(("name", "size"), ANSWERS)
def test_known_answer(name: str, size: int) -> None:
    model = zoo.create(name, classes=0, pretrained=True).eval()
    with torch.no_grad():
        last = model(picture(3, size))[-1]
    torch.testing.assert_close(last[0, ::64, 0, 1], torch.tensor(ANSWERS[name, size]), atol=1e-3, rtol=0)
