"""The task: losses, metrics by hand, temperature, baseline, first epochs of the head, the probe."""

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from recipes.kit.dataset import DrawnSamples
from recipes.kit.sampler import EpochSampler
from tasks.classification import Classification
from tasks.labels.grade import Grade
from tasks.labels.multi_label import MultiLabel
from tasks.labels.single_label import SingleLabel
from tasks.metrics.calibration import fit_temperature
from tasks.schedule import warmup_cosine
from zoo.classification.network import Classifier
from zoo.errors import ZooError

CLASSES = ("good", "bad", "worse")


class Told(Classifier):
    """Says what the means of the bands are."""

    def __init__(self, classes: int) -> None:
        super().__init__(
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(classes, classes), classes, "fc"
        )
        nn.init.eye_(self.head.weight)
        nn.init.zeros_(self.head.bias)


def make(classes: tuple[str, ...] = CLASSES, **options: Any) -> Classification:
    optimisation: dict[str, Any] = {
        "optimizer": partial(torch.optim.AdamW, lr=1e-3),
        "scheduler": warmup_cosine,
        "model": options.pop("model", None) or Told(len(classes)),
    }
    return Classification(classes=classes, **optimisation, **options)


def batch(images: Tensor, labels: Tensor) -> dict[str, Any]:
    return {"images": images, "labels": labels, "names": [f"image {i}" for i in range(len(images))]}


def saying(logits: Tensor) -> Tensor:
    """Images (B, K, 4, 4) of which `Told` says these logits (B, K)."""
    return (logits * 0.5 + 0.5)[..., None, None].expand(-1, -1, 4, 4)


def one_hot(*labels: int) -> Tensor:
    return nn.functional.one_hot(torch.tensor(labels), len(CLASSES)).float()


def test_metrics_of_a_single_label_by_hand() -> None:
    said = torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])
    found = SingleLabel(CLASSES).metrics(said, one_hot(0, 1, 1, 2))
    assert found["accuracy"] == pytest.approx(3 / 4)
    assert found["balanced_accuracy"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert found["f1/good"] == pytest.approx(2 / 3)
    assert found["auroc"] == pytest.approx(1.0)
    assert found["log_likelihood"] == pytest.approx(sum(map(math.log, (0.8, 0.3, 0.5, 0.7))) / 4)
    assert "top5" not in found


def test_classes_that_no_image_shows_are_in_no_mean() -> None:
    said = torch.tensor([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]])
    found = SingleLabel(CLASSES).metrics(said, one_hot(0, 1))
    assert (found["balanced_accuracy"], found["f1"], found["auroc"]) == (1.0, 1.0, 1.0)


def test_metrics_of_several_labels_by_hand() -> None:
    said = torch.tensor([[0.9, 0.2, 0.6], [0.1, 0.8, 0.4], [0.6, 0.1, 0.2]])
    truth = torch.tensor([[1.0, 0, 1], [0, 1, 0], [0, 0, 0]])
    found = MultiLabel(CLASSES).metrics(said, truth)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["f1/good"] == pytest.approx(2 / 3)
    assert found["average_precision"] == pytest.approx(1.0)


def test_a_near_grade_costs_less_than_a_far_one() -> None:
    grade = Grade(CLASSES)
    sure = 8 * one_hot(1, 2)
    near, far = (grade.loss(sure[i : i + 1], one_hot(0), None) for i in (0, 1))
    assert float(near) < float(far)
    found = grade.metrics(torch.tensor([[0.0, 1, 0], [0, 0, 1]]), one_hot(0, 2))
    assert found["mae"] == pytest.approx(0.5)


def test_the_temperature_brings_probabilities_to_what_comes_true() -> None:
    torch.manual_seed(0)
    objective = SingleLabel(CLASSES)
    logits = torch.randn(4000, 3)
    labels = torch.multinomial(logits.softmax(1), 1)[:, 0]
    sharp = 3 * logits
    objective.calibrate(sharp, nn.functional.one_hot(labels, 3).float())
    assert objective.temperature == pytest.approx(3, rel=0.1)
    shares = nn.functional.one_hot(labels, 3).float()
    before = objective.metrics(sharp.softmax(1), shares)["calibration_error"]
    assert objective.metrics(objective.probabilities(sharp), shares)["calibration_error"] < before / 4
    other = SingleLabel(CLASSES)
    other.restore(objective.learned_state())
    assert torch.equal(other.probabilities(sharp), objective.probabilities(sharp))


@pytest.mark.parametrize("objective", [SingleLabel, MultiLabel])
def test_where_all_is_right_nothing_is_certain(objective: type) -> None:
    made = objective(CLASSES)
    made.calibrate(10 * (one_hot(0, 1, 2, 0) - 0.5), one_hot(0, 1, 2, 0))
    said = made.probabilities(10 * (one_hot(0) - 0.5))
    assert 0.5 < float(said.max()) < 0.9
    assert fit_temperature(lambda logits: logits.sum(), torch.zeros(0, 2)) == 1.0


@pytest.mark.parametrize("objective", [SingleLabel, MultiLabel, Grade])
def test_losses_fall_where_the_truth_is_said(objective: type) -> None:
    made = objective(CLASSES)
    right, wrong = (made.loss(4 * one_hot(label), one_hot(0), None) for label in (0, 2))
    assert float(right) < float(wrong)


def test_weights_of_classes_bear_on_the_loss() -> None:
    images, labels = saying(torch.zeros(2, 3)).clone(), one_hot(0, 1)
    images[0, 1] = 1.0  # the first is said wrongly
    plain = float(make().losses(batch(images, labels))["labels"].detach())
    heavy = float(make(class_weights={"good": 5.0}).losses(batch(images, labels))["labels"].detach())
    assert heavy > plain
    with pytest.raises(ZooError, match="task.class_weights names 'god'; did you mean good"):
        make(class_weights={"god": 1.0})


def test_evaluation_counts_all_batches_and_the_baseline_sees_no_image() -> None:
    task = make()
    task.frequencies = torch.tensor([0.5, 0.3, 0.2])
    for labels in ((0, 1), (2, 0)):
        task.update(batch(saying(4 * one_hot(*labels)), one_hot(*labels)), "test")
    found = task.compute("test")
    assert (found["accuracy"], found["accuracy_majority"]) == (1.0, 0.5)
    assert task.result is not None
    assert task.result.labels.tolist() == [0, 1, 2, 0]


def test_the_first_epochs_train_the_head_alone() -> None:
    network = Told(3)
    network.backbone.append(nn.BatchNorm1d(3))
    task = make(model=network, head_epochs=1)
    task.on_train_epoch_start()
    task.model.train()
    task.on_train_epoch_start()
    assert not task.model.backbone.training
    assert not any(p.requires_grad for p in task.model.backbone.parameters())
    assert all(p.requires_grad for p in task.model.head.parameters())
    task.head_epochs = 0
    task.on_train_epoch_start()
    assert task.model.backbone.training
    assert all(p.requires_grad for p in task.model.backbone.parameters())


def loader_of(images: Tensor, labels: Tensor) -> DataLoader:
    samples = DrawnSamples(list(range(len(images))), len(images), 0, lambda i, random: (images[i], labels[i], i))

    def collate(drawn: list[Any]) -> dict[str, Any]:
        return batch(torch.stack([one[0] for one in drawn]), torch.stack([one[1] for one in drawn]))

    return DataLoader(samples, 8, sampler=EpochSampler(len(samples), 0), collate_fn=collate)


def test_the_probe_is_solved_for_and_tells_apart_what_features_do() -> None:
    torch.manual_seed(0)
    labels = torch.arange(60) % 3
    logits = 2 * nn.functional.one_hot((labels + 1) % 3, 3) + 0.3 * torch.randn(
        60, 3
    )  # features that name the next class
    task = make(probe=True)
    assert task.solve(loader_of(saying(logits), nn.functional.one_hot(labels, 3).float())) == 60
    assert (task.respond(batch(saying(logits), labels)).argmax(1) == labels).double().mean() > 0.95
    assert make().solve(loader_of(saying(logits), labels)) == 0


def test_a_probe_of_a_head_that_is_not_linear_is_refused() -> None:
    network = Told(3)
    network.head = nn.Sequential(network.head, nn.ReLU())
    with pytest.raises(ZooError, match="task.probe=true solves for a last layer that is linear"):
        make(model=network, probe=True).solve(loader_of(torch.rand(8, 3, 4, 4), one_hot(*[0] * 8)))


def test_one_class_is_refused_where_one_of_several_is_asked() -> None:
    with pytest.raises(ZooError, match="needs 2 classes or more; the data has good"):
        make(("good",))
    assert make(("good",), objective="multi_label").objective.classes == ("good",)


def test_several_labels_are_answered_by_name() -> None:
    first, second = MultiLabel(CLASSES).answers(torch.tensor([[0.9, 0.7, 0.2], [0.1, 0.3, 0.2]]))
    assert (first.label, first.probability) == ("good|bad", pytest.approx(0.7))
    assert (second.label, second.probability) == ("", pytest.approx(0.7))
