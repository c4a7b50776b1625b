"""Tests of behaviour: a challenger that is as good on clean inputs, and loses on changed ones, is rejected."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recipes.annotation.objects import Objects
from tools.production import behaviour
from tools.production.behaviour import DARKER, KINDS, behave, darker, empty, mirrored, noisy, with_behaviour
from zoo.inference.answers import Detections
from zoo.sites.promotion import Gates, Judgement

BOX = np.array([[4.0, 8.0, 20.0, 28.0]], np.float32)
TRUTH = {"objects": [{"label": "car", "box": BOX[0].tolist()}]}
CLEAN = Judgement("PROMOTE", ("better",), ())


class Finds:
    """Finds the one bright thing of an image, if there is one and it is bright enough."""

    def __init__(self, least: float = 10.0, turned: bool = True) -> None:
        self.least, self.turned = least, turned

    def extent(self, path: Any) -> dict[str, float]:
        return {"pixels": 1.0}

    def __call__(self, image: np.ndarray) -> Detections:
        ys, xs = np.nonzero(image[0] > image[0].astype(float).mean() + self.least)
        if not len(xs):
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0), (), np.zeros((0, 4, 2)))
        left = float(xs.min()) if self.turned else float(BOX[0, 0])
        box = [left, float(ys.min()), left + float(np.ptp(xs)) + 1, float(ys.max()) + 1]
        return Detections(np.array([box], np.float32), np.array([0.9]), ("car",), np.zeros((1, 4, 2)))


def image(opened: Any, path: Any) -> np.ndarray:
    pixels = np.full((1, 40, 40), 60, np.uint8)
    pixels[0, 8:28, 4:20] = 110
    return pixels


def behaved(monkeypatch: pytest.MonkeyPatch, champion: Finds, challenger: Finds, *names: str) -> Any:
    monkeypatch.setattr(behaviour, "image_pixels", image)
    monkeypatch.setattr(behaviour, "of_run", lambda run: run)
    monkeypatch.setattr(behaviour, "predictor_of", lambda run: run)
    site: Any = SimpleNamespace(versions=SimpleNamespace(run={"a": champion, "b": challenger}.__getitem__))
    frozen: Any = SimpleNamespace(inputs=(Path("x.png"),) * 12, truths=(TRUTH,) * 12)
    return behave(site, ("a", "b"), frozen, Objects(), names or Gates().behaviours)


def test_models_that_behave_alike_are_judged_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    found = behaved(monkeypatch, Finds(), Finds())
    assert [one.name for one in found.differences] == ["mirrored", "darker", "noisy", "empty"]
    assert all(one.champion == one.challenger == 1 for one in found.differences)
    assert with_behaviour(CLEAN, found, Gates()) is CLEAN


@pytest.mark.parametrize(
    ("challenger", "lost"),
    [(Finds(least=25.0), "darker"), (Finds(turned=False), "mirrored"), (Finds(least=-1.0), "empty")],
)
def test_what_is_lost_on_changed_inputs_rejects(challenger: Finds, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = with_behaviour(CLEAN, behaved(monkeypatch, Finds(), challenger), Gates())
    assert judged.verdict == "REJECT"
    assert any(f"behaviour: {lost} loses 1.0000" in reason for reason in judged.reasons)


def test_only_what_the_gates_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = behaved(monkeypatch, Finds(), Finds(least=25.0), "mirrored")
    assert [one.name for one in found.differences] == ["mirrored"]


def test_changes_keep_shape_type_and_range() -> None:
    rng = np.random.default_rng(0)
    for dtype in (np.uint8, np.uint16, np.float32):
        values = (rng.random((3, 8, 9)) * 200).astype(dtype)
        for change in KINDS["pixels"].changes.values():
            changed = change(values, np.random.default_rng(1))
            assert (changed.shape, changed.dtype) == (values.shape, values.dtype)
    full = np.array([[[0, 255]]], np.uint8)
    assert noisy(full, rng).min() >= 0
    assert np.array_equal(mirrored(mirrored(values, rng), rng), values)
    assert darker(np.float32(1.0) * np.ones(1, np.float32), rng) == pytest.approx(DARKER)
    assert np.ptp(empty(values, rng).astype(float), axis=(1, 2)) == pytest.approx(0)
