"""Resampling, pruning and sharing of weights on a task of two numbers."""

from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tasks.base import Batch, Metric, Stage, Task
from tasks.callbacks.compression import Pruning, Sharing
from tasks.resampling import Answered, answers, compare, metric
from tasks.schedule import warmup_cosine
from tasks.trainer import make_trainer
from zoo import hardware
from zoo.compression.pruning import sparsity_of
from zoo.errors import ZooError

CHOSEN = hardware.choose(threads=1, workers=0, precision="32-true", channels_last=False)


class Signs(Task):
    """Tells whether the sum of twenty numbers is above 0; the metric is the share that is right."""

    monitor: ClassVar[Metric] = Metric("accuracy", "max")

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model, ("no", "yes"), partial(torch.optim.AdamW, lr=0.02), partial(warmup_cosine, warmup=0.1))
        self.right: list[bool] = []

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        return {"bce": nn.functional.binary_cross_entropy_with_logits(self.respond(batch), batch["labels"])}

    def respond(self, batch: Batch) -> Tensor:
        return self.model(batch["inputs"])[:, 0]

    def update(self, batch: Batch, stage: Stage) -> None:
        self.right += ((self.answer(batch) > 0) == (batch["labels"] > 0)).tolist()

    def compute(self, stage: Stage) -> dict[str, float]:
        share, self.right = float(np.mean(self.right)), []
        return {"accuracy": share}

    def draw(self, folder: Path, data: Any) -> list[Path]:
        return []


def batches(count: int, size: int = 1) -> DataLoader[Any]:
    draw = torch.Generator().manual_seed(0)
    made = []
    for number in range(count):
        inputs = torch.randn(size, 20, generator=draw)
        labels = (inputs.sum(dim=1) > 0).float()
        made.append({"inputs": inputs, "labels": labels, "names": [f"{number}_{i}" for i in range(size)]})
    return DataLoader(made, batch_size=None, collate_fn=dict)  # type: ignore[arg-type]


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 1))


def train(task: Task, epochs: int, *callbacks: Any) -> None:
    made = make_trainer(CHOSEN, callbacks=callbacks, max_epochs=epochs, log_every_n_steps=1)
    made.fit(task, batches(20, 32), batches(2))


def test_pruned_and_shared_weights_still_learn() -> None:
    task = Signs(network())
    train(task, 6, Pruning(0.7))
    assert sparsity_of(task.model) == pytest.approx(0.7, abs=0.02)
    sharing = Sharing(4)
    train(task, 3, sharing)
    shared = sharing.shared(task)
    assert set(shared) == {"0.weight", "2.weight"}
    for name, weight in task.model.named_parameters():
        if name in shared:
            assert torch.equal(shared[name].values(), weight.detach())
            assert weight.unique().numel() <= 16
    assert sparsity_of(task.model) == pytest.approx(0.7, abs=0.02)
    samples = answers(task, batches(200))
    assert metric(task, samples) > 0.9


def test_a_training_that_ends_before_it_is_pruned_is_refused() -> None:
    with pytest.raises(ZooError, match=r"reached a sparsity of 0.00, not 0.7"):
        Pruning(0.7).on_train_end(make_trainer(CHOSEN), Signs(network()))


def test_the_difference_of_a_model_to_itself_is_none_and_a_worse_one_is_told() -> None:
    task = Signs(network())
    train(task, 5)
    ours = answers(task, batches(150))
    assert compare(task, ours, ours, rounds=20) == (0, 0, 0)
    wrong = [Answered(one.batch, -one.answer if number % 5 == 0 else one.answer) for number, one in enumerate(ours)]
    better = compare(task, ours, wrong, rounds=200)
    assert better.low < better.value < better.high
    assert better.low > 0
    assert better.value == pytest.approx(metric(task, ours) - metric(task, wrong))
    exact = 1.96 * np.sqrt(0.2 * 0.8 / 150)
    assert better.high - better.low == pytest.approx(2 * exact, rel=0.3)
    assert task.predictor is None


def test_batches_of_several_samples_are_refused() -> None:
    with pytest.raises(ZooError, match="batch_size=1"):
        answers(Signs(network()), batches(1, 2))
