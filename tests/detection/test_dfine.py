"""What is D-FINE's own: boxes are shares of the image, so it must see images of one size."""

import torch
from torch.nn.functional import pad

import zoo

SIDE = 192


def test_a_small_image_is_seen_as_large_as_those_of_training() -> None:
    """Its objects would else be larger shares of the image than they were in training, and their boxes be drawn wrong."""
    torch.manual_seed(0)
    model = zoo.create("dfine", classes=2, side=SIDE, queries=50, score_threshold=0.0).eval()
    image = torch.rand(1, 3, 96, 128)
    with torch.inference_mode():
        (small,) = model(image)
        (whole,) = model(pad(image, (0, SIDE - 128, 0, SIDE - 96)))
    assert torch.equal(small["scores"], whole["scores"])
    assert torch.equal(small["boxes"], whole["boxes"].clamp(max=torch.tensor([128.0, 96.0, 128.0, 96.0])))
    assert len(whole["boxes"]) == 50
