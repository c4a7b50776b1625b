"""Probes: a model run once on small random inputs, its answer held against the contract of its task; each says the shapes."""

from typing import Any, cast

import torch
from torch import Tensor, nn


def detections(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check detections of one image; then that an object of the last class gives finite losses."""
    found = model(torch.rand(1, bands, *size))[0]
    N, D = found["boxes"].shape
    assert D in (4, 5), f"boxes have {D} numbers"
    assert found["scores"].shape == found["labels"].shape == (N,), "not one score and one label a box"
    box = [10.0, 10.0, 50.0, 40.0] if D == 4 else [30.0, 25.0, 40.0, 30.0, 20.0]
    target = {"boxes": torch.tensor([box]), "labels": torch.tensor([classes - 1])}
    losses = model.train()(torch.rand(2, bands, *size), [target, target])
    assert all(torch.isfinite(loss) for loss in losses.values()), f"losses {losses}"
    return f"(1, {bands}, {size[0]}, {size[1]}) → boxes (N, {D}), scores, labels; {classes} classes train"


def logits(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check the logits of every pixel."""
    found = model(torch.rand(1, bands, *size))
    assert found.shape == (1, classes, *size), f"logits {tuple(found.shape)}"
    return f"(1, {bands}, {size[0]}, {size[1]}) → logits {tuple(found.shape)}"


def answers(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check logits of sequences of `size[0] * size[1]` steps, one of them shorter."""
    T = size[0] * size[1]
    found = model(torch.rand(2, T, bands) - 0.5, torch.tensor([T, T // 2]))
    assert found.shape[0] == 2, f"answers {tuple(found.shape)}"
    assert found.shape[-1] == classes, f"answers {tuple(found.shape)}"
    return f"(2, {T}, {bands}) → {tuple(found.shape)}"


def quantiles(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check forecasts of series of `size[0] * size[1]` steps: finite, and rising from quantile to quantile."""
    T = size[0] * size[1]
    found = model(torch.rand(2, T, bands) - 0.5, torch.tensor([T, T // 2]))
    assert found.ndim == 4, f"forecasts {tuple(found.shape)}"
    assert found.shape[2] == bands, f"forecasts {tuple(found.shape)}"
    assert (found.diff(dim=3) >= 0).all(), "quantiles that cross"
    return f"(2, {T}, {bands}) → {tuple(found.shape)}"


def scores(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check scores of anomaly of every step of series of `size[0] * size[1]` steps."""
    T = size[0] * size[1]
    found = model(torch.rand(2, T, bands) - 0.5, torch.tensor([T, T // 2]))
    assert found.shape == (2, T), f"scores {tuple(found.shape)}"
    assert found.isfinite().all(), "scores that are not finite"
    return f"(2, {T}, {bands}) → scores {tuple(found.shape)}"


def continuations(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check logits of what follows on three tokens, after a text of as many tokens as `size` has lines and columns."""
    T = sum(size) - 1
    found = model(torch.ones(2, T, bands), torch.tensor([T, T // 2]), torch.ones(2, 3, dtype=torch.long))
    assert found.shape == (2, 3, classes), f"answers {tuple(found.shape)}"
    return f"(2, {T}, {bands}) and 3 tokens → {tuple(found.shape)}"


def features(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check feature maps against the strides and channels that the backbone names."""
    named: Any = model
    maps: list[Tensor] = model(torch.rand(1, bands, *size))
    for found, stride, channels in zip(maps, named.strides, named.channels, strict=True):
        wanted = (1, channels, -(-size[0] // stride), -(-size[1] // stride))
        assert found.shape == wanted, f"stride {stride}: {tuple(found.shape)}, not {wanted}"
    return f"(1, {bands}, {size[0]}, {size[1]}) → maps of strides {', '.join(map(str, named.strides))}"


def classes(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check the logits of one image."""
    found = model(torch.rand(1, bands, *size))
    assert found.shape == (1, classes), f"logits {tuple(found.shape)}"
    return f"(1, {bands}, {size[0]}, {size[1]}) → logits {tuple(found.shape)}"


def keypoints(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check the keypoints of two images; then that one that is not there gives finite losses, where the model trains."""
    side = getattr(model, "size", None) or max(size)
    found = model(torch.rand(2, bands, side, side))
    assert (found.shape[0], *found.shape[2:]) == (2, classes, 3), f"keypoints {tuple(found.shape)}"
    assert found.isfinite().all(), "keypoints that are not finite"
    said = f"(2, {bands}, {side}, {side}) → keypoints {tuple(found.shape)}"
    if not getattr(model, "trains", True):
        return said
    visible = torch.ones(2, classes, dtype=torch.bool)
    visible[1] = False
    losses = cast("Any", model.train()).losses(
        torch.rand(2, bands, side, side), torch.full((2, classes, 2), side / 3), visible
    )
    assert all(torch.isfinite(loss) for loss in losses.values()), f"losses {losses}"
    return said
