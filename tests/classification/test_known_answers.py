"""Published weights of classifiers answer as they should: read from Keras's file, through our own layers and scaling."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from zoo.weights.keras_layouts import keras, resnet8


def test_kernels_are_turned_and_what_the_optimizer_keeps_is_left_out() -> None:
    named = keras({"conv2d": "a", "depthwise_conv2d": "b", "dense": "c"})
    state = {
        "model_weights/conv2d/conv2d/kernel:0": torch.rand(3, 5, 2, 7),
        "model_weights/conv2d_1/conv2d_1/kernel:0": torch.rand(1, 1, 2, 7),
        "model_weights/depthwise_conv2d/depthwise_conv2d/depthwise_kernel:0": torch.rand(3, 5, 4, 1),
        "model_weights/dense/dense/kernel:0": torch.rand(4, 2),
        "optimizer_weights/Adam/conv2d/kernel/m:0": torch.rand(3, 5, 2, 7),
    }
    found = named(state)
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == {
        "a.weight": (7, 2, 3, 5),
        "b.weight": (4, 1, 3, 5),
        "c.weight": (2, 4),
    }
    kernel = state["model_weights/conv2d/conv2d/kernel:0"]
    assert float(found["a.weight"][6, 1, 2, 4]) == float(kernel[2, 4, 1, 6])
    assert resnet8({}) == {}


def photograph() -> np.ndarray:
    """A photograph of a woman in uniform (H, W, 3), which comes with matplotlib."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.real
def test_a_person_is_seen_and_noise_is_none() -> None:
    predictor = zoo.load("mobilenetv1_025")
    seen = predictor(photograph().transpose(2, 0, 1))
    assert (seen.label, seen.probability > 0.95) == ("person", True)
    assert predictor(np.full((3, 96, 96), 90, np.uint8)).label == "non_person"


@pytest.mark.real
def test_wings_in_the_sky_are_an_airplane() -> None:
    sky = np.zeros((3, 32, 32), np.uint8)
    sky[:] = np.array([110, 170, 235], np.uint8)[:, None, None]
    sky[:, 14:18, 4:28] = 245
    sky[:, 8:26, 14:18] = 245
    seen = zoo.load("resnet8")(sky)
    assert (seen.label, seen.probability > 0.9) == ("airplane", True)
