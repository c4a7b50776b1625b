"""The task over sequences: it learns tones in seconds, its metrics are the known ones, its pictures are drawn."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from matplotlib.image import imread
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

import zoo
from tasks.base import Metric
from tasks.objectives import objective
from tasks.objectives.classify import Classify
from tasks.results.classification import ClassificationResult
from tasks.schedule import warmup_cosine
from tasks.sequence import Sequence
from tests.sequence.conftest import RATE, tones
from zoo.errors import ZooError

CLASSES = ("low", "middle", "high", "shrill")


def collate(samples: list[tuple[Tensor, int]]) -> dict[str, Any]:
    waves = [wave for wave, _ in samples]
    return {
        "inputs": pad_sequence(waves, batch_first=True)[..., None],
        "lengths": torch.tensor([len(wave) for wave in waves]),
        "labels": torch.tensor([label for _, label in samples]),
        "names": [f"{label}_{len(wave)}" for wave, label in samples],
    }


def task(model: nn.Module, classes: tuple[str, ...] = CLASSES, **settings: Any) -> Sequence:
    optimizer = partial(torch.optim.AdamW, lr=0.01)
    return Sequence(model, classes, optimizer=optimizer, scheduler=warmup_cosine, **settings)


class Pictures:
    """Stands in for a data module."""

    def picture(self, name: str) -> np.ndarray:
        return np.full((16, 20, 3), int(name.split("_")[1]) % 256, np.uint8)


# Lightning still asks torch in an old way: https://github.com/Lightning-AI/pytorch-lightning/issues/21326
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated:FutureWarning")
def test_learns_tones_in_seconds(tmp_path: Path) -> None:
    model = zoo.create("ds_cnn_s", classes=len(CLASSES), bands=("waveform",), sample_rate=RATE, mel_bands=20)
    train, test = (DataLoader(tones(n, 4, seed), 16, collate_fn=collate) for n, seed in ((96, 0), (80, 1)))
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=5, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    learner = task(model)
    before = trainer.validate(learner, test, verbose=False)[0]["val/accuracy"]
    trainer.fit(learner, train, test)
    after = trainer.test(learner, test, verbose=False)[0]
    assert before < 0.6
    assert after["test/accuracy"] > 0.9
    assert after["test/f1"] > 0.9
    assert set(after) == {
        "test/accuracy",
        "test/accuracy_majority",
        "test/f1",
        *(f"test/f1/{name}" for name in CLASSES),
    }
    assert {path.name for path in learner.draw(tmp_path, Pictures())} == {"confusion.png", "worst.png"}
    assert imread(tmp_path / "worst.png").std() > 0.05


def test_metrics_are_the_known_ones() -> None:
    classify = Classify(("a", "b", "c"))
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    said = torch.tensor([0, 0, 1, 1, 2, 2])
    logits = 5 * torch.nn.functional.one_hot(said, 3).float()
    for part in (slice(0, 4), slice(4, 6)):
        names = [f"s{i}" for i in range(6)][part]
        classify.update(logits[part], {"inputs": logits[part], "labels": labels[part], "names": names})
    found = classify.compute()
    assert found["accuracy"] == pytest.approx(4 / 6)
    # F1 = 2 TP / (2 TP + FP + FN): a 4/5, b 2/4, c 2/3
    assert [found[f"f1/{c}"] for c in "abc"] == pytest.approx([4 / 5, 2 / 4, 2 / 3])
    assert found["f1"] == pytest.approx((4 / 5 + 2 / 4 + 2 / 3) / 3)
    assert classify.result is not None
    assert classify.result.confusion().tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert {classify.result.names[i] for i in classify.result.worst_first()[:2]} == {"s2", "s4"}
    classify.update(logits[:2], {"inputs": logits[:2], "labels": labels[:2], "names": ["x", "y"]})
    assert classify.compute()["accuracy"] == 1.0, "what was computed is forgotten"


def test_smoothing_spreads_the_target() -> None:
    logits, batch = torch.tensor([[2.0, 0.0]]), {"inputs": torch.zeros(1, 9, 1), "labels": torch.tensor([0])}
    logs = torch.log_softmax(logits, 1)[0]
    for share in (0.0, 0.2):
        loss = Classify(("a", "b"), smoothing=share).losses(logits, batch)["cross_entropy"]
        assert loss == pytest.approx(float(-(1 - share / 2) * logs[0] - share / 2 * logs[1]))


def test_the_headline_is_the_objectives() -> None:
    learner = task(nn.Identity())
    assert learner.monitor == Classify.monitor == Metric("accuracy", "max")


class Steps(nn.Module):
    """Gives logits for every step, which `classify` has no use for."""

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return torch.zeros(*inputs.shape[:2], len(CLASSES))


def test_refusals() -> None:
    with pytest.raises(ZooError, match=r"needs logits \(B, K\) = \(2, 4\), and the model gives \(2, 9, 4\)"):
        task(Steps()).losses(
            {"inputs": torch.zeros(2, 9, 1), "lengths": torch.tensor([9, 3]), "labels": torch.zeros(2)}
        )
    with pytest.raises(ZooError, match="task.objective='classfy' is not known; did you mean classify"):
        task(nn.Identity(), objective="classfy")
    with pytest.raises(ZooError, match=r"{'smooth': 1} do not fit the objective 'classify'.*smooth"):
        objective("classify", CLASSES, {"smooth": 1})
    with pytest.raises(ZooError, match="two classes or more; the data has only"):
        objective("classify", ("only",), {})


def test_pictures_take_many_classes_and_few_samples(tmp_path: Path) -> None:
    from tasks.plots import classification

    judged = ClassificationResult(("0_1", "0_2"), torch.eye(30)[:2], torch.tensor([0, 5]))
    paths = classification.draw(tmp_path, judged, [f"word{i}" for i in range(30)], Pictures())
    assert all(path.stat().st_size > 5000 for path in paths)
