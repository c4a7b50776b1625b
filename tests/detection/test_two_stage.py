"""Faster R-CNN against torchvision's, R-FCN's pooling and hard examples, PVANET's table, and the limits."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

import zoo
from tests.detection.conftest import TinyBackbone, same
from zoo.backbone.features import Features
from zoo.backbone.pvanet import Trunk
from zoo.backbone.tail import dilate, tail
from zoo.detection import faster_rcnn, r_fcn
from zoo.detection.pvanet import HyperFeature
from zoo.detection.r_fcn import Voting, hardest
from zoo.errors import ZooError
from zoo.weights.layouts import LAYOUTS

SIZE = (128, 192)


def torchvisions() -> nn.Module:
    trunk = resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5, norm_layer=nn.BatchNorm2d)
    sizes = {"min_size": min(SIZE), "max_size": max(SIZE), "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    limits = {"rpn_pre_nms_top_n_test": 1000, "rpn_post_nms_top_n_test": 300, "box_detections_per_img": 500}
    model = FasterRCNN(trunk, 4, box_score_thresh=0.01, **limits, **sizes).eval()
    for module in (model.rpn.head.cls_logits, model.rpn.head.bbox_pred):
        nn.init.normal_(module.weight, std=0.05)
    nn.init.normal_(model.roi_heads.box_predictor.cls_score.weight, std=0.3)
    return model


def test_faster_rcnn_finds_what_torchvisions_finds_with_the_same_weights() -> None:
    theirs = torchvisions()
    mine = zoo.create("faster_rcnn", classes=3, backbone="timm/resnet18", proposals=300, max_detections=500).eval()
    mine.load_backbone(LAYOUTS["torchvision_pyramid"](theirs.state_dict()))
    image = torch.rand(1, 3, *SIZE)
    with torch.no_grad():
        (found,), (wanted,) = mine(image), theirs(list(image))
    assert len(wanted["boxes"]) > 20
    assert same(found, {**wanted, "labels": wanted["labels"] - 1}, tolerance=0.02)


def test_a_narrow_pyramid_keeps_its_linear_layers() -> None:
    wide, narrow = (
        zoo.create("faster_rcnn", classes=3, backbone="timm/resnet18", width=64, channels=channels, pretrained=False)
        for channels in (256, 32)
    )
    assert [model.roi_heads.box_head.fc6.in_features for model in (wide, narrow)] == [256 * 49, 32 * 49]
    assert narrow.roi_heads.box_head.fc7.out_features == wide.roi_heads.box_head.fc7.out_features == 64
    with torch.no_grad():
        assert {feature.shape[1] for feature in narrow.neck(narrow.backbone(torch.rand(1, 3, 64, 64)))} == {32}


def test_the_last_stage_is_taken_off_and_dilated_with_its_weights() -> None:
    whole = Features("resnet18", 3)
    stage, channels = tail(whole)
    fine, coarse = whole.eval()(torch.rand(1, 3, 64, 96))[-2:]
    with torch.no_grad():
        torch.testing.assert_close(stage.eval()(fine), coarse)
        assert dilate(stage)(fine).shape == (1, channels, 4, 6)
    lite, channels = tail(Features("tf_efficientnet_lite0", 3))
    assert (channels, dilate(lite.eval())(torch.rand(1, 112, 5, 6)).shape) == (320, (1, 320, 5, 6))
    with pytest.raises(ZooError, match="no stage behind stride 16"):
        tail(Features("resnet18", 3, strides=[8, 16]))


@pytest.mark.parametrize("pooling", ["pool", "align"])
def test_each_bin_votes_from_its_own_map(pooling: str) -> None:
    bins, classes = 3, 2
    maps = torch.zeros(1, classes + 1, bins, bins, 12, 12)
    for row in range(bins):
        for column in range(bins):
            maps[0, 2, row, column, row * 4 : row * 4 + 4, column * 4 : column * 4 + 4] = (
                1.0  # class 1 where it should be
            )
            maps[0, 1, row, column, :, :4] = 1.0  # class 0 on the left only
    sides = torch.full((1, 4 * bins * bins, 12, 12), 0.5)
    votes = Voting(bins, pooling)(
        {"1": maps.flatten(1, 3), "2": sides}, [torch.tensor([[0.0, 0, 191, 191]])], [(192, 192)]
    )
    assert votes.shape == (1, classes + 1 + 4)
    background, left, right, *code = votes[0].tolist()
    assert background == 0
    assert right > 0.85
    assert left < 0.45
    assert code == pytest.approx([0.5] * 4)
    with pytest.raises(ZooError, match="pooling='max'"):
        Voting(3, "max")


def test_hard_examples_are_those_that_cost_most() -> None:
    assert hardest(torch.tensor([0.1, 3.0, 2.0, 0.2]), 2).tolist() == [False, True, True, False]
    assert hardest(torch.tensor([1.0]), 5).tolist() == [True]
    model = r_fcn.build(2, 3, TinyBackbone(3, [4, 8, 16, 32]), reduced=32, hard_examples=8)
    assert model.roi_heads.hard == 8
    targets = [{"boxes": torch.tensor([[20.0, 20, 60, 60]]), "labels": torch.tensor([1])}]
    with torch.autocast("cpu", torch.bfloat16):
        half = model.train()(torch.rand(1, 3, 90, 90), targets)
    assert all(torch.isfinite(loss) for loss in half.values())
    losses = model.train()(torch.rand(1, 3, 90, 90), targets)
    assert set(losses) == {"loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"}
    sum(losses.values()).backward()
    assert model.neck.classes.weight.grad.abs().sum() > 0
    assert (
        sum(model(torch.rand(1, 3, 90, 90), [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long()}]).values())
        > 0
    )


def test_pvanets_shared_trunk_costs_what_table_1_says() -> None:
    """Table 1 of arXiv 1608.08021, at 1056 × 640: multiply-adds in millions of each block and of the whole; parameters."""
    table = {
        "4": 397 + 468 + 2 * 414,
        "8": 468 + 3 * 414,
        "16": 653 + 3 * 542,
        "32": 378 + 3 * 276,
        "concat": 16 + 1038,
    }
    trunk = Trunk(3).eval().to("meta")
    neck = HyperFeature([128, 256, 384]).to("meta")
    counted, feature, maps = {}, torch.zeros(1, 3, 640, 1056, device="meta"), []
    for stride, stage in trunk.stages.items():
        with FlopCounterMode(display=False) as counter:
            feature = stage(feature)
        counted[stride] = counter.get_total_flops() / 2e6
        maps.append(feature)
    with FlopCounterMode(display=False) as counter:
        assert [m.shape for m in neck(maps[1:])] == [(1, 128, 40, 66), (1, 512, 40, 66)]
    counted["concat"] = counter.get_total_flops() / 2e6
    assert [round(value) for value in counted.values()] == pytest.approx(list(table.values()), rel=0.013)
    assert sum(counted.values()) == pytest.approx(7942, rel=0.002)
    filters = sum(p.numel() for module in (trunk, neck) for p in module.parameters() if p.ndim == 4)
    assert filters == pytest.approx(3_282_000, rel=0.001)


def test_the_forms_of_faster_rcnn_say_what_does_not_fit() -> None:
    backbone = TinyBackbone(3, [4, 8, 16, 32])
    with pytest.raises(ZooError, match="form='fpn'.*pyramid, c4, linear"):
        faster_rcnn.build(2, 3, backbone, form="fpn")
    with pytest.raises(ZooError, match="must be five"):
        faster_rcnn.build(2, 3, backbone, anchor_sizes=(32, 64))


def test_a_backbone_without_weights_begins_at_random() -> None:
    assert zoo.create("pvanet", classes=1, width=8, pretrained=True).provenance == ()
    with pytest.raises(ZooError, match="no weights of its own"):
        zoo.create("pvanet_trunk", classes=0, pretrained=True)
