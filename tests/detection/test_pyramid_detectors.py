"""RetinaNet and FCOS against torchvision's with the same weights, and what assigns points and anchors."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision.models.detection import FCOS, RetinaNet
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

import zoo
from tests.detection.conftest import same
from zoo.detection.fcos import assign
from zoo.weights.layouts import LAYOUTS

SIZE = (128, 256)  # whole multiples of the coarsest stride: torchvision takes other strides for other sizes


def detector_of_torchvision(kind: Callable[..., nn.Module]) -> nn.Module:
    """Theirs with ResNet-18, images as they come, all scores looked at."""
    trunk = resnet_fpn_backbone(
        backbone_name="resnet18",
        weights=None,
        trainable_layers=5,
        returned_layers=[2, 3, 4],
        extra_blocks=LastLevelP6P7(256, 256),
        norm_layer=nn.BatchNorm2d,
    )
    sizes = {"min_size": min(SIZE), "max_size": max(SIZE), "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    return kind(
        trunk, 3, topk_candidates=100_000, score_thresh=0.05, nms_thresh=0.5, detections_per_img=5000, **sizes
    ).eval()


@pytest.mark.parametrize(("name", "kind"), [("retinanet", RetinaNet), ("fcos", FCOS)])
def test_it_finds_what_torchvisions_finds_with_the_same_weights(name: str, kind: Callable[..., nn.Module]) -> None:
    theirs = detector_of_torchvision(kind)
    if name == "retinanet":  # the anchors of torchvision's constructor are of one ratio a size; those of its builder:
        from torchvision.models.detection.retinanet import RetinaNetHead, _default_anchorgen

        theirs.anchor_generator = _default_anchorgen()
        theirs.head = RetinaNetHead(256, 9, 3).eval()
    for layer, parameter in theirs.head.named_parameters():
        if parameter.ndim == 4:  # scores and boxes that differ, as after training
            nn.init.normal_(parameter, std=(0.3 if "bbox_reg" in layer else 1.5) / parameter[0].numel() ** 0.5)
    if name == "fcos":
        nn.init.constant_(theirs.head.regression_head.bbox_reg.bias, 1.0)
    options = {"score_threshold": 0.05, "nms_threshold": 0.5, "max_detections": 5000}
    mine = zoo.create(name, classes=3, backbone="timm/resnet18", **options).eval()
    mine.postprocess = type(mine.postprocess)(**options, candidates=100_000)
    mine.load_backbone(LAYOUTS["torchvision_pyramid"](theirs.state_dict()))
    image = torch.rand(1, 3, *SIZE)
    with torch.no_grad():
        (found,), (wanted,) = mine(image), theirs(list(image))
    assert len(wanted["boxes"]) > 20
    assert same(found, wanted, tolerance=0.02)
    targets = [{"boxes": torch.tensor([[10.0, 20, 60, 90], [80, 80, 200, 150]]), "labels": torch.tensor([2, 0])}]
    for model in (mine, theirs):
        for module in model.modules():
            module.training = not isinstance(module, nn.BatchNorm2d)
    ours, peers = mine(image, targets), theirs(list(image), targets)
    assert {key: pytest.approx(float(value.detach()), rel=1e-4) for key, value in ours.items()} == {
        key: float(value.detach()) for key, value in peers.items()
    }


def test_a_point_answers_for_the_smallest_object_around_it_of_its_level() -> None:
    points = torch.tensor([[50.0, 50], [50, 50], [200, 200], [56, 50]])
    strides = torch.tensor([8.0, 16, 8, 8])
    boxes = torch.tensor([[30.0, 30, 70, 70], [40, 40, 64, 60], [0, 0, 190, 190]])
    # the second is the smaller for the finest level; 96 px away at most, the third fits stride 16 but is not near
    assert assign(points, strides, boxes).tolist() == [1, -1, -1, 1]
    assert assign(points, strides, torch.zeros(0, 4)).tolist() == [-1] * 4


def test_an_fcos_begins_with_boxes_that_can_be_learnt_from() -> None:
    """Distances of 0 have no gradient behind a ReLU."""
    model = zoo.create("fcos", classes=2, pretrained=False, backbone="tf_efficientnet_lite0", channels=64).eval()
    with torch.no_grad():
        _, _, found = model.predict(torch.rand(1, 3, 128, 128))
    assert (found["bbox_regression"] > 0.5).all()


def test_norms_of_retinanet_let_the_image_through_its_towers() -> None:
    image, said = torch.rand(1, 3, *SIZE), {}
    for norm in ("none", "group"):
        torch.manual_seed(0)
        model = zoo.create("retinanet", classes=3, backbone="timm/resnet18", channels=64, norm=norm).eval()
        with torch.no_grad():
            said[norm] = model.predict(image)[1]["cls_logits"].std()
    assert said["group"] > 20 * said["none"]


@pytest.mark.parametrize(
    ("options", "words"), [({"norm": "batch"}, "norm='batch'"), ({"norm": "group", "channels": 40}, "32")]
)
def test_retinanet_refuses_norms_it_cannot_have(options: dict[str, str | int], words: str) -> None:
    with pytest.raises(zoo.ZooError, match=words):
        zoo.create("retinanet", classes=3, backbone="timm/resnet18", **options)
