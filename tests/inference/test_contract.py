"""Every model of every task answers through its predictor as the task itself does."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import zoo
from configuration.composition import compose
from recipes.inference.detection import DetectionPredictor
from recipes.inference.segmentation import SegmentationPredictor
from tasks.detection import Detection
from tasks.segmentation import Segmentation
from tasks.sequence import Sequence
from tests.detection.test_contract import DETECTORS
from tests.segmentation.test_contract import MODELS as SEGMENTERS
from tests.sequence.test_contract import NAMES as SEQUENCES
from tests.sequence.test_contract import asked, batch, build, scaled
from zoo.geometry import box_geometry
from zoo.inference.answers import Label
from zoo.inference.load import predictor_of
from zoo.inference.opened import Opened, padding_of
from zoo.registry.tasks import tasks

BANDS = ("red", "green", "blue")
CLASSES = ("background", "barn", "silo", "tank", "shed")
TRAINER = {"threads": 1, "workers": 0, "precision": "32-true"}


def opened(
    model: nn.Module,
    task: dict[str, Any],
    bands: tuple[str, ...] = BANDS,
    data: Mapping[str, Any] = MappingProxyType({"tile": 96, "overlap": 32}),
) -> Opened:
    """What a run of this model would be opened as."""
    return Opened("untrained", "untrained", lambda **changed: model, CLASSES, bands, {}, task, data, TRAINER)


def pixels(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, height, width), np.uint8)


def own(task: Callable[..., Any], model: nn.Module, images: Tensor, **options: Any) -> Any:
    """Return what the task says of images in evaluation."""
    made = task(model, CLASSES, optimizer=None, scheduler=None, **options).eval()
    with torch.inference_mode():
        return made.respond({"images": images})


def test_every_task_has_a_predictor() -> None:
    assert {name for name, task in tasks().items() if not task.predictor} == set()


@pytest.mark.parametrize("name", DETECTORS)
def test_detectors(name: str) -> None:
    torch.manual_seed(0)
    model = DETECTORS[name](len(CLASSES), 3).eval()
    predictor = predictor_of(opened(model, {"name": "detection"}), score=0.0)
    assert isinstance(predictor, DetectionPredictor)
    image = pixels(96, 96)
    said = own(Detection, model, torch.from_numpy(image[None] / np.float32(255)))[0]
    found = predictor(image)
    order = torch.argsort(said["scores"], descending=True, stable=True)
    assert np.array_equal(found.scores, np.sort(found.scores)[::-1])
    boxes = said["boxes"][order].numpy()
    sides = (boxes[:, 2:4] - boxes[:, :2]).min(axis=1) if boxes.shape[1] == 4 else boxes[:, 2:4].min(axis=1)
    kept = sides > 0  # one without an area is no object of a scene
    np.testing.assert_allclose(found.scores, said["scores"][order].numpy()[kept], rtol=1e-4)
    assert sorted(found.labels) == sorted(CLASSES[i] for i in said["labels"][order].numpy()[kept])
    np.testing.assert_allclose(found.outlines, box_geometry.corners(found.boxes.astype(float)), rtol=1e-6)
    assert found.crs == ""


@pytest.mark.parametrize("name", SEGMENTERS)
def test_segmenters(name: str) -> None:
    torch.manual_seed(0)
    model = zoo.create(name, classes=len(CLASSES), pretrained=False).eval()
    predictor = predictor_of(opened(model, {"name": "segmentation"}))
    assert isinstance(predictor, SegmentationPredictor)
    image = pixels(96, 96)
    said = own(Segmentation, model, torch.from_numpy(image[None] / np.float32(255)))[0]
    mask = predictor(image).mask
    best, second = said.topk(2, dim=0).values
    clear = (best - second > 1e-4).numpy()
    assert clear.mean() > 0.5
    assert np.array_equal(mask[clear], said.argmax(dim=0).numpy()[clear])


class Seen(nn.Module):
    """Remembers the shapes of what it is shown, and finds nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[torch.Size] = []

    def forward(self, images: Tensor) -> list[dict[str, Tensor]] | Tensor:
        self.shapes.append(images.shape)
        return images.new_zeros(len(images), len(CLASSES), *images.shape[-2:])


@pytest.mark.parametrize(
    ("padding", "size", "shape"),
    [("stride", (70, 90), (96, 96)), ("stride", (33, 700), (64, 256)), ("tile", (70, 90), (256, 256))],
)
def test_an_image_smaller_than_a_tile_is_seen_as_it_is(
    padding: str, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    model = Seen()
    data = {"tile": 256, "overlap": 64, "padding": padding}
    predictor = predictor_of(opened(model, {"name": "segmentation"}, data=data))
    assert predictor(pixels(*size), tile=256, overlap=64).mask.shape == size
    assert {tuple(seen[-2:]) for seen in model.shapes} == {shape}


@pytest.mark.parametrize(
    ("name", "padding"), [("kestrel_nano", "stride"), ("ssd300", "tile"), ("dfine", "tile"), ("nanodet_g", "stride")]
)
def test_small_images_are_padded_for_models_that_scale_what_they_see(name: str, padding: str) -> None:
    cfg = compose(["task=detection", "data=folder", "data.root=nowhere", f"model={name}"])
    assert cfg.data.padding == padding == padding_of(zoo.card(name))


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences(name: str) -> None:
    torch.manual_seed(0)
    model = build(name, len(CLASSES)).eval()
    bands, objective = zoo.card(name).designed_for.bands, asked(name)
    predictor = predictor_of(opened(model, {"name": "sequence", "objective": objective}, bands, {"sample_rate": 8000}))
    inputs, lengths = batch(name, scaled(name, 3000))
    found = predictor(inputs[0].numpy())
    assert isinstance(found, predictor.gives)
    assert list(found.lines()) or objective == "detect_speech"
    assert found.summary()
    if objective == "detect_speech":
        return  # no task is trained for it
    task = Sequence(model, CLASSES, objective, optimizer=None, scheduler=None).eval()
    given = {"inputs": inputs, "lengths": lengths, "names": [""], "bands": bands}
    with torch.inference_mode():
        said = task.objective.answers(task.respond(given), given)[0]
    if isinstance(found, Label):  # the last digit of a probability depends on how many are answered together
        assert found.probabilities == pytest.approx(said.probabilities)
        found = replace(found, probability=said.probability, probabilities=said.probabilities)
    assert found == said
