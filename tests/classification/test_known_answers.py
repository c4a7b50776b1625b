"""Published weights of classifiers answer as they should: read from Keras's file, through our own layers and scaling."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torchvision.models import squeezenet1_0

import zoo
from zoo.weights.keras_layouts import keras, resnet8
from zoo.weights.squeezenet_layout import CONTENT, published


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


@pytest.mark.real
def test_the_published_file_of_deep_compression_decodes_into_squeezenet() -> None:
    model = zoo.create("squeezenet1_0", classes=1000, pretrained="deep_compression").eval()
    weights = [tensor for name, tensor in model.named_parameters() if name.endswith("weight")]
    assert sum(int(tensor.count_nonzero()) for tensor in weights) == 415_921
    assert all(tensor.unique().numel() <= 256 for tensor in weights)
    image = torch.from_numpy(skimage.data.chelsea()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        ours = model(torch.nn.functional.interpolate(image, (227, 227), mode="bilinear", antialias=True))
        # torchvision's own network on what Caffe gave it: blue first, 0 to 255, less the means of ImageNet
        theirs = squeezenet1_0(weights=None).eval()
        theirs.load_state_dict(published({CONTENT: model_file()}))
        small = torch.nn.functional.interpolate(image, (227, 227), mode="bilinear", antialias=True)
        caffe = small.flip(1) * 255 - torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1)
        torch.testing.assert_close(ours, theirs(caffe), atol=1e-3, rtol=1e-3)
    assert int(ours.argmax()) in (281, 282, 285)  # three kinds of cats


def model_file() -> torch.Tensor:
    from zoo.sources.tensors import open_weights
    from zoo.weights.files import fetch_weights

    return open_weights(fetch_weights(zoo.card("squeezenet1_0").weights_named("deep_compression"))[0].path)[CONTENT]
