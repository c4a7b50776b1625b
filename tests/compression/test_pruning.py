import pytest
import torch
from torch import nn

from zoo.compression.pruning import gradual, mask, prune, sparsity_of, thresholds, weights_of
from zoo.errors import ZooError


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(32, 10), nn.LSTM(10, 6))


@pytest.mark.parametrize("per_layer", [False, True])
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.9, 0.999])
def test_the_share_that_was_asked_for_is_gone(sparsity: float, per_layer: bool) -> None:
    model = network()
    prune(model, thresholds(model, sparsity, per_layer))
    assert sparsity_of(model) == pytest.approx(sparsity, abs=0.01)
    assert all(weight.count_nonzero() for weight in weights_of(model).values())
    if per_layer:
        shares = [1 - weight.count_nonzero() / weight.numel() for weight in weights_of(model).values()]
        assert all(abs(float(share) - sparsity) < 0.05 for share in shares)


def test_the_largest_stay() -> None:
    model = network()
    before = {name: weight.detach().clone() for name, weight in weights_of(model).items()}
    limits = thresholds(model, 0.5)
    alive = prune(model, limits)
    for name, weight in weights_of(model).items():
        assert torch.equal(weight, before[name] * alive[name])
        assert bool((before[name][~alive[name]].abs() <= limits[name]).all())


def test_what_is_pruned_stays_so_while_training() -> None:
    model = network()[:4]
    alive = prune(model, thresholds(model, 0.8))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(3):
        model(torch.randn(4, 3, 4, 4)).square().sum().backward()
        optimizer.step()
        mask(model, alive)
    assert sparsity_of(model) == pytest.approx(0.8, abs=0.01)


def test_tied_weights_are_pruned_once() -> None:
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    second.weight = first.weight
    assert len(weights_of(nn.Sequential(first, second))) == 1


def test_the_schedule_rises_to_its_end() -> None:
    values = [gradual(0.9, step / 10) for step in range(-1, 13)]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0, 0.9)
    assert gradual(0.9, 0.5) == pytest.approx(0.9 * 0.875)


def test_what_cannot_be_pruned_is_refused() -> None:
    with pytest.raises(ZooError, match="below 1"):
        thresholds(network(), 1.0)
    with pytest.raises(ZooError, match="no layer"):
        thresholds(nn.ReLU(), 0.5)
