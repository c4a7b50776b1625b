"""Small untrained models, opened as runs are, with weights that make much of little differences."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

import zoo
from zoo.inference.opened import Opened

CLASSES = ("background", "barn", "silo")
BANDS = ("red", "green", "blue")
TRAINER = {"threads": 1, "workers": 0, "precision": "32-true"}


def opened(name: str, task: Mapping[str, Any], bands: tuple[str, ...] = BANDS, **options: Any) -> Opened:
    """Return a model of these options as what a run of it would be opened as."""
    torch.manual_seed(0)
    model = zoo.create(name, classes=len(CLASSES), bands=bands, **options).eval()
    lively(model)
    data = {"name": "made", "tile": 64, "value_range": [0, 2048]}
    return Opened(
        source=f"run {name}",
        model=name,
        build=lambda **changed: model,
        classes=CLASSES,
        bands=bands,
        options={
            key: list(value) if isinstance(value, tuple) else value
            for key, value in {**zoo.card(name).options, **options}.items()  # as a run says all of them
        },
        task=task,
        data=data,
        trainer=TRAINER,
    )


def lively(model: nn.Module) -> None:
    """Give norms statistics as after training, and the last layer weights of a size."""
    random = torch.Generator().manual_seed(1)
    for module in model.modules():
        mean, var = getattr(module, "running_mean", None), getattr(module, "running_var", None)
        if mean is not None and var is not None:
            mean.copy_(0.3 * torch.randn(mean.shape, generator=random))
            var.copy_(0.1 + torch.rand(var.shape, generator=random))


def segmenter() -> Opened:
    return opened("unet_2015", {"name": "segmentation"}, channels=(8, 16), norm=True)


def tagger() -> Opened:
    return opened("gru", {"name": "sequence", "objective": "tag"}, output="tag", size=(8, 0.2))


def classifier() -> Opened:
    one = opened("resnet8", {"name": "classification", "objective": "grade"})
    return replace(one, data={**one.data, "size": 24}, learnt={"temperature": 1.7})
