"""Recordings made by a seeded script: one tone a class, of any length and level, in a little noise."""

import math

import pytest
import torch
from torch import Tensor

RATE = 8000


def tones(count: int, classes: int, seed: int, shortest: int = 800, longest: int = 2400) -> list[tuple[Tensor, int]]:
    """Return `count` waveforms (T,) with their class: class k is a tone of 300 · 1.35 ** k Hz."""
    random = torch.Generator().manual_seed(seed)
    made = []
    for index in range(count):
        label = index % classes
        length = int(torch.randint(shortest, longest + 1, (), generator=random))
        level, phase = torch.rand(2, generator=random).tolist()
        time = torch.arange(length) / RATE
        tone = (0.05 + 0.5 * level) * torch.sin(2 * math.pi * (300 * 1.35**label * time + phase))
        made.append((tone + 0.01 * torch.randn(length, generator=random), label))
    return made


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)
