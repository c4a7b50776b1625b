"""The published cloud masks: the same logits as the graphs that the weights come from, and an encoder for other networks."""

import pytest
import torch

import zoo
from tests.known_answers import picture

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
#: Logits of `picture` at (100, 40) and (7, 200), computed once with onnxruntime from the graphs in the package.
ANSWERS = {
    "l1c_6_bands": ([-9.6776, 7.2708, -5.3722], [-5.9889, 2.8779, -4.4298]),
    "l2a_6_bands": ([-2.0085, 1.2098, -1.1261], [-1.1839, -0.4094, -0.0833]),
    "l1c_4_bands": ([-8.1330, 4.5377, -7.1678], [-2.4681, 2.4637, -3.7165]),
    "l2a_4_bands": ([-27.4255, 19.4367, -22.3476], [-14.9430, 10.6732, -12.1554]),
}


@pytest.mark.real
@pytest.mark.parametrize("tag", ANSWERS)
def test_known_answer(tag: str) -> None:
    count = int(tag[4])
    model = zoo.create("csmask_unet", classes=3, bands=BANDS[:count], pretrained=tag).eval()
    with torch.no_grad():
        logits = model(picture(count, 256))
    for (y, x), expected in zip(((100, 40), (7, 200)), ANSWERS[tag], strict=True):
        torch.testing.assert_close(
            logits[0, :, y, x], torch.tensor(expected), atol=0.1, rtol=0
        )  # theirs computes in fp16
    assert model.provenance[0].stem == "unchanged"


@pytest.mark.real
def test_bands_in_another_order_and_other_classes() -> None:
    torch.manual_seed(0)
    order = [3, 2, 1, 0, 5, 4]
    straight = zoo.create("csmask_encoder", classes=0, bands=BANDS, pretrained=True).eval()
    turned = zoo.create("csmask_encoder", classes=0, bands=[BANDS[i] for i in order], pretrained=True).eval()
    image = picture(6, 64)
    with torch.no_grad():
        for one, other in zip(straight(image), turned(image[:, order]), strict=True):
            torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)
    model = zoo.create("csmask_unet", classes=5, bands=BANDS, pretrained=True)
    assert torch.equal(model.state_dict()["backbone.stem.0.weight"], straight.state_dict()["stem.0.weight"])
    assert model(image).shape == (1, 5, 64, 64)


def test_a_smaller_part_of_the_encoder_is_the_same_and_may_be_frozen() -> None:
    torch.manual_seed(0)
    whole = zoo.create("csmask_encoder", classes=0, bands=BANDS).eval()
    image = picture(6, 64)
    part = whole.select([4, 16])
    with torch.no_grad():
        for one, other in zip(part.eval()(image), (whole(image)[1], whole(image)[3]), strict=True):
            assert torch.equal(one, other)
    part.freeze(4)
    trained = {name.split(".")[1] for name, p in part.named_parameters() if p.requires_grad}
    assert trained == {"2", "3", "4"}
    with pytest.raises(zoo.ZooError, match=r"no features of strides \[3\]"):
        whole.select([3])
