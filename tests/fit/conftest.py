"""Pairs of a card and a profile that fit in every aspect, for each task; the tests spoil one thing at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.conftest import CARD
from zoo.fit import Fit, Row, check
from zoo.profile import Profile, Quantiles
from zoo.registry.cards import Card, parse


def around(low: float, median: float, high: float) -> Quantiles:
    return Quantiles(smallest=low, low=low, median=median, high=high, largest=high)


DETECTION = {
    "data": "cars",
    "task": "detection",
    "classes": {f"car {i}": 100 for i in range(20)},
    "samples": 30,
    "bands": ("red", "green", "blue"),
    "dtype": "uint8",
    "value_range": (0, 255),
    "scenes": ((400, 500),),
    "tile": 300,
    "objects": 2000,
    "objects_per_image": around(10, 60, 90),
    "objects_per_tile": around(0, 10, 40),
    "object_size": around(20, 40, 60),
    "object_size_relative": around(0.066, 0.13, 0.2),
    "aspect_ratio": around(0.5, 1, 2),
    "neighbour_overlap": around(0, 0.1, 0.2),
    "empty_tiles": 0.1,
    "rotated": 0.01,
    "resolution": 0.2,
    "licence": "MIT",
}
SEQUENCE = {
    "data": "words",
    "task": "sequence",
    "classes": {"yes": 500, "no": 400},
    "samples": 900,
    "bands": ("waveform",),
    "dtype": "int16",
    "sample_rate": 16000,
    "bandwidth": (50, 7500),
    "steps": around(0.4, 0.7, 1.0),
    "features": 1,
    "vocabulary": 30,
    "licence": "MIT",
}
DESIGNED = {
    "detection": {
        "data": "photographs",
        "classes": 20,
        "geometry": "box",
        "size": (300, 300),
        "bands": ("red", "green", "blue"),
        "dtype": "uint8",
        "objects_per_image": (0, 60),
        "object_size": (0.05, 0.5),
        "aspect_ratio": (0.33, 3),
        "resolution": (0.1, 0.5),
    },
    "sequence": {
        "data": "commands",
        "classes": 2,
        "geometry": "sequence",
        "sample_rate": 16000,
        "bandwidth": (0, 8000),
        "length": (0.3, 1),
        "features": 1,
        "vocabulary": 30,
        "bands": ("waveform",),
        "dtype": "int16",
    },
}
RUN: Mapping[str, Any] = {
    "model": {"name": "tiny", "pretrained": False},
    "data": {"tile": 300, "overlap": 64, "value_range": None, "sampling": "uniform"},
}


def make_card(task: str = "detection", designed: Mapping[str, Any] | None = None, **changes: Any) -> Card:
    """A card made for DETECTION or SEQUENCE; `designed` and `changes` replace single fields."""
    base = parse(CARD.format(name="tiny"), Path("tiny.md")).model_dump()
    base |= {
        "task": task,
        "path": Path("tiny.md"),
        "designed_for": {**DESIGNED[task], **(designed or {})},
        "licences": dict.fromkeys(("code", "weights", "data"), "MIT"),
        "weights": (),
        "options": {"geometry": "box", "strides": [8, 16], "max_detections": 100, "nms_threshold": 0.5},
        "adapts": {},
    }
    return Card.model_validate({**base, **changes})


def make_profile(kind: str = "detection", **changes: Any) -> Profile:
    return Profile.model_validate({**(DETECTION if kind == "detection" else SEQUENCE), **changes})


def make_run(**groups: Mapping[str, Any]) -> dict[str, Any]:
    """RUN with changes in its groups, such as data={"tile": 600}."""
    return {**RUN, **{name: {**RUN.get(name, {}), **changes} for name, changes in groups.items()}}


def verdicts(fit: Fit) -> dict[str, Row]:
    return {row.aspect: row for row in fit.rows}


@pytest.fixture
def fitting() -> Fit:
    return check(make_card(), make_profile(), RUN)
