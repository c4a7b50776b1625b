"""What the test of a folder does not hold is noted by every reader, and what it then cannot say is not defined, not 0."""

import logging
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from configuration.composition import compose
from configuration.instantiation import data_of
from tasks.detection import Detection
from tasks.objectives.classify import Classify
from tasks.objectives.tag import Tag
from tests.pose import figures
from zoo.geometry.tiles import Tile

COUNTS = {"train": 6, "val": 3, "test": 3}


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (48, 48, 3), np.uint8)).save(path)


def samples() -> list[tuple[str, int]]:
    """Return the splits and numbers of the samples that every folder here has."""
    return [(split, number) for split, count in COUNTS.items() for number in range(count)]


def boxes(root: Path) -> str:
    for seed, (split, number) in enumerate(samples()):
        picture(root / split / "images" / f"{split}{number}.png", seed)
        label = root / split / "labels" / f"{split}{number}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("0 .3 .3 .2 .2\n" + ("" if split == "test" else "1 .7 .7 .2 .2\n"))
    (root / "data.yaml").write_text("names: [common, rare]\ntrain: train/images\nval: val/images\ntest: test/images\n")
    return "detection"


def masks(root: Path) -> str:
    for seed, (split, number) in enumerate(samples()):
        picture(root / split / "images" / f"{number}.png", seed)
        mask = np.zeros((48, 48), np.uint8)
        mask[:9], mask[20:30] = 1, 0 if split == "test" else 2
        (root / split / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(root / split / "masks" / f"{number}.png")
    return "segmentation"


def labels(root: Path) -> str:
    for seed, (split, number) in enumerate(samples()):
        for name in ("common",) if split == "test" else ("common", "rare"):
            picture(root / split / name / f"{split}{number}{name}.png", 2 * seed + (name == "rare"))
    return "classification"


def keypoints(root: Path) -> str:
    found = {}
    for seed, (split, number) in enumerate(samples()):
        image, points = figures.figure(seed)
        rel = f"{split}/img{number}.png"
        (root / split).mkdir(exist_ok=True)
        Image.fromarray(image).save(root / rel)
        found[rel] = points if split != "test" else np.vstack([points[:-1], np.full((1, 2), np.nan)])
    figures.write_deeplabcut(root / "CollectedData_me.csv", found)
    return "pose"


READERS = {
    "boxes": (boxes, "rare"),
    "masks": (masks, "class2"),
    "labels": (labels, "rare"),
    "keypoints": (keypoints, "right_paw"),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_class_that_the_test_does_not_hold_is_noted(reader: str, tmp_path: Path) -> None:
    make, name = READERS[reader]
    task = make(tmp_path)
    data = data_of(compose([f"task={task}", "data=folder", f'data.root="{tmp_path}"']))
    data.setup()
    assert f"test holds nothing of {name}, and its figures say nothing of this" in data.profile().notes


def detection(truth: torch.Tensor, caplog: pytest.LogCaptureFixture) -> dict[str, float]:
    """Return the metrics of a detector that finds one box, with what is said of them."""
    task = Detection(torch.nn.Identity(), ("common",), optimizer=None, scheduler=None)  # type: ignore[arg-type]
    found = {"boxes": torch.tensor([[1.0, 1, 9, 9]]), "scores": torch.tensor([0.6]), "labels": torch.tensor([0])}
    task.respond = lambda batch: [found]  # type: ignore[method-assign]
    labels = torch.zeros(len(truth), dtype=torch.long)
    tile = Tile(0, 0, 16, 16, (0, 0, 16, 16), "scene")
    task.update({"tiles": [tile], "targets": [{"boxes": truth, "labels": labels}]}, "test")
    metrics = task.compute("test")
    with caplog.at_level(logging.WARNING):
        task.warn_of_undefined("test", metrics)
    return metrics


def test_detection_without_any_object(caplog: pytest.LogCaptureFixture) -> None:
    metrics = detection(torch.zeros(0, 4), caplog)
    assert math.isnan(metrics["map_50"])
    assert math.isnan(metrics["f1"])
    assert "score_at_best_f1" not in metrics
    assert "test/map_50 is not defined: no object is there to be found" in caplog.text
    assert detection(torch.tensor([[1.0, 1, 9, 9]]), caplog)["f1"] == 1


def test_sequences_have_no_f1_of_a_class_that_is_neither_there_nor_said() -> None:
    objective = Classify(("a", "b", "absent"))
    logits = torch.tensor([[9.0, 0, 0], [0, 9, 0]])
    objective.update(logits, {"inputs": torch.zeros(2, 1), "labels": torch.tensor([0, 1]), "names": ["x", "y"]})
    assert objective.compute() == {"accuracy": 1.0, "accuracy_majority": 0.5, "f1": 1.0, "f1/a": 1.0, "f1/b": 1.0}


def test_texts_without_an_entity_have_no_entity_f1() -> None:
    from tasks.objectives.entities import agreement, read

    found = agreement([read(["O", "O"])], [read(["B-x", "O"])])
    assert math.isnan(found["entity_f1"])
    assert math.isnan(found["entity_recall"])
    assert found["entity_precision"] == 0
    assert Tag(("O", "B-x")).reason("entity_f1") == "no entity is there to be found"
