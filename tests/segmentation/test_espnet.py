"""ESPNet's published weights: the logits of the code that they come from, and bands in their order alone."""

import pytest
import torch

import zoo
from tests.known_answers import picture
from zoo.errors import ZooError
from zoo.weights.layouts import ESPNET_IMAGE, espnet

#: Logits of `picture` at (100, 40) and (7, 200), computed once with the published code, its images blue, green, red.
ANSWERS = (
    [-1.1353, 1.7008, 4.002, -6.7325, -15.7385, -1.7521, 14.0403, -1.951, 3.6771, 2.4404, 3.6487, -2.4993],
    [2.3682, -6.2941, -0.042, -4.7485, -31.5936, 6.0787, 23.9417, -4.8357, 11.3053, -0.3243, 9.3131, -4.9147],
)


@pytest.mark.real
def test_known_answer() -> None:
    try:
        model = zoo.create("espnet", classes=12, pretrained="camvid").eval()
    except ZooError as error:
        if "could not be had" not in str(error):
            raise
        pytest.skip("the published file lies on GitHub alone, which is not reached from here")
    with torch.no_grad():
        logits = model(picture(3, 256))
    for (y, x), expected in zip(((100, 40), (7, 200)), ANSWERS, strict=True):
        torch.testing.assert_close(logits[0, :, y, x], torch.tensor(expected), atol=1e-2, rtol=0)


def test_bands_in_another_order_are_refused() -> None:
    with pytest.raises(ZooError, match=r"for the bands red, green, blue, in this order, not for blue, green, red"):
        zoo.create("espnet", classes=12, bands=("blue", "green", "red"), pretrained="camvid")


def test_where_the_image_comes_in_its_channels_are_turned_round() -> None:
    sizes = {"encoder.level1.conv.weight": (16, 3, 3, 3), "encoder.b1.bn.weight": (19,), "encoder.b2.act.weight": (131,),
             "encoder.level2_0.c1.conv.weight": (12, 19, 3, 3), "level3_C.conv.weight": (12, 131, 1, 1)}  # fmt: skip
    state = {name: torch.rand(size) for name, size in sizes.items()}
    found = espnet(state)
    for (name, before), (new, after) in zip(state.items(), found.items(), strict=True):
        axis = ESPNET_IMAGE[new.rpartition(".")[0]]
        before, after = before.movedim(axis, 0), after.movedim(axis, 0)
        assert torch.equal(after[:-3], before[:-3]), name
        assert torch.equal(after[-3:], before[-3:].flip(0)), name
