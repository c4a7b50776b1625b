"""What is torchvision's SSDLite's own: its stem, its labels, its normalisation, its limits."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

from zoo.detection.ssdlite import BatchNorm, build, widen
from zoo.errors import ZooError


def test_widening_keeps_everything_but_the_bands() -> None:
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)), nn.Conv2d(8, 2, 1))
    widen(network, 6)
    assert network[0][0].weight.shape == (8, 6, 3, 3)
    assert network[0][0].bias is None
    assert network(torch.rand(1, 6, 10, 10)).shape == (1, 2, 5, 5)
    assert network[1].weight.shape == (2, 8, 1, 1)


def test_it_says_and_loses_what_torchvisions_does_with_the_same_weights() -> None:
    theirs = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4).eval()
    norms = [module.train() for module in theirs.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    for layer in theirs.head.classification_head.parameters():
        if layer.ndim > 1:
            nn.init.normal_(layer, std=0.1)
    with torch.no_grad():  # scores that differ, as after training
        theirs.head(list(theirs.backbone(torch.rand(4, 3, 320, 320)).values()))
    theirs.eval()
    mine = build(3, 3).eval()
    mine.load_backbone(theirs.state_dict())
    mine.normalise.mean.fill_(0.5)
    mine.normalise.std.fill_(0.5)
    image = torch.rand(1, 3, 250, 330)
    with torch.no_grad():
        seen, _ = theirs.transform(list(image))
        maps = list(theirs.backbone(seen.tensors).values())
        wanted = theirs.head(maps)
        boxes, logits, codes = mine.predict(mine.fit_input(image)[0])
    torch.testing.assert_close(boxes, theirs.anchor_generator(seen, maps)[0], atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(logits, wanted["cls_logits"], atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(codes, wanted["bbox_regression"], atol=2e-3, rtol=1e-3)
    boxes, labels = torch.tensor([[10.0, 20, 160, 190], [80, 80, 300, 200]]), torch.tensor([2, 0])
    for model in (mine, theirs):
        for module in model.modules():
            module.training = not isinstance(module, nn.BatchNorm2d | nn.Dropout)
    losses = mine(image, [{"boxes": boxes, "labels": labels}])
    peers = theirs(list(image), [{"boxes": boxes, "labels": labels + 1}])
    assert {key: float(value.detach()) for key, value in losses.items()} == pytest.approx(
        {key: float(value.detach()) for key, value in peers.items()}, rel=1e-3
    )


def test_weights_of_other_classes_load_all_but_the_class_head() -> None:
    twenty, two = build(20, 3), build(2, 3)
    fresh = two.head.classification_head.state_dict()
    before = {name: value.clone() for name, value in fresh.items()}
    two.load_backbone(twenty.state_dict())
    loaded, source = two.state_dict(), twenty.state_dict()
    same = [name for name in source if source[name].shape == loaded[name].shape]
    assert all(torch.equal(loaded[name], source[name]) for name in same)
    changed = [name for name in source if name not in same]
    assert changed
    assert all(torch.equal(before[n.removeprefix("head.classification_head.")], loaded[n]) for n in changed)
    with pytest.raises(ZooError, match="lack"):
        two.load_backbone({"backbone.features.0.0.0.weight": torch.zeros(16, 3, 3, 3)})


def test_max_detections_limits() -> None:
    model = build(3, 3, max_detections=7, score_threshold=0.0).eval()
    with torch.no_grad():
        assert len(model(torch.rand(1, 3, 50, 60))[0]["scores"]) == 7


def test_normalisation_is_the_models_own_and_done_once() -> None:
    model = build(3, 4).eval()
    assert {"backbone.normalise.mean", "backbone.normalise.std"} <= set(model.state_dict())
    model.normalise.mean.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]))
    model.normalise.std.fill_(0.5)
    seen: list[Tensor] = []
    model.backbone.features[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model(torch.full((1, 4, 50, 60), 0.5))
    torch.testing.assert_close(seen[0].mean(dim=(0, 2, 3)), torch.tensor([0.8, 0.6, 0.4, 0.2]))


def test_batch_norm_of_one_value_uses_the_running_statistics() -> None:
    norm = BatchNorm(3).train()
    norm.running_mean.fill_(2.0)
    torch.testing.assert_close(norm(torch.full((1, 3, 1, 1), 2.0)), torch.zeros(1, 3, 1, 1))
    assert norm(torch.rand(2, 3, 4, 4)).mean().abs() < 1e-5
