"""More classes for a trained model: what it says of the old ones stays, whatever its layers are like."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import zoo
from zoo.errors import ZooError
from zoo.weights.growing import grow


def same_as(old: nn.Module, inputs: Tensor, part: Callable[[Tensor], Tensor]) -> Callable[[nn.Module], bool]:
    known = old.eval()(inputs)
    return lambda new: torch.allclose(known, part(new.eval()(inputs)), atol=1e-5)


def test_a_classifier_keeps_its_logits_and_gets_places_for_more() -> None:
    torch.manual_seed(0)
    old, new = (zoo.create("resnet8", classes=k) for k in (3, 5))
    images = torch.rand(2, 3, 32, 32)
    grow(old, new, (3, 5), same_as(old, images, lambda logits: logits[:, :3]))
    assert new(images).shape == (2, 5)
    assert torch.allclose(old(images), new(images)[:, :3], atol=1e-5)


@pytest.mark.parametrize(("extra", "inner"), [(0, True), (0, False), (1, True), (-1, True)])
def test_groups_of_classes_and_a_background_are_found_out(extra: int, inner: bool) -> None:
    torch.manual_seed(0)
    groups, few, many = 3, 4, 6
    old, new = (nn.Linear(5, groups * (k + abs(extra))) for k in (few, many))
    inputs = torch.rand(7, 5)

    def classes(values: Tensor, count: int) -> Tensor:
        whole = count + abs(extra)
        table = values.view(-1, groups, whole) if inner else values.view(-1, whole, groups).transpose(1, 2)
        kept = list(range(few + extra)) if extra >= 0 else [*range(few), whole - 1]
        return table[..., kept]

    known = classes(old(inputs), few)
    grow(old, new, (few, many), lambda made: torch.allclose(classes(made(inputs), many), known, atol=1e-6))
    assert torch.allclose(classes(new(inputs), many), known, atol=1e-6)


def test_a_model_whose_classes_cannot_be_told_is_refused_and_left_as_it_was() -> None:
    old, new = nn.Linear(5, 3), nn.Linear(5, 4)
    before = new.weight.clone()
    with pytest.raises(ZooError, match="3 cannot become 4"):
        grow(old, new, (3, 4), lambda made: False)
    assert torch.equal(new.weight, before)
    with pytest.raises(ZooError, match="other layers"):
        grow(old, nn.Sequential(nn.Linear(5, 4)), (3, 4), lambda made: True)
