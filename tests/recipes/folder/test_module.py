"""`data=folder` as a data module: batches for training and tiles for evaluation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from configuration.instantiation import data_of
from recipes.folder.boxes.module import FolderDetection
from tests.recipes.folder import tiny
from tests.recipes.test_rasters import write as write_raster
from zoo.errors import ZooError


def unchanged(sample: dict[str, Any]) -> dict[str, Any]:
    return sample


def test_batches(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo", images=8, bands=5)
    data = FolderDetection("mine", tmp_path, unchanged, batch_size=2, crop=32, tile=48, overlap=8, split_seed=3)
    data.setup()
    assert data.classes == ("red car", "blue truck")
    batch = next(iter(data.train_dataloader()))
    assert batch["images"].shape == (2, 5, 32, 32)
    assert data.loading.samples == 4 * len(data.split.parts["train"])  # 64 pixels are two crops of 32, each way
    test = [sample for batch in data.test_dataloader() for sample in batch["targets"]]
    truth = sum(len(scene.boxes) for scene in data.split.parts["test"])
    assert sum(len(target["boxes"]) for target in test) == truth
    assert all(target["labels"].dtype == torch.int64 for target in test)
    profile = data.profile()
    assert profile.bands == ("band1", "band2", "band3", "band4", "band5")
    assert profile.classes.keys() == {"red car", "blue truck"}
    assert any("data.split_seed=3" in note for note in profile.notes)


def test_samples_of_the_user_hold(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc")
    data = FolderDetection("mine", tmp_path, unchanged, samples=5)
    data.setup()
    assert len(data.dataset("train")) == 5  # type: ignore[arg-type]


def test_unknown_setting(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"data\.negative is not known; did you mean negatives"):
        FolderDetection("mine", tmp_path, unchanged, negative="drop")


def test_an_overlap_that_no_tile_can_have_is_refused_at_once(tmp_path: Path) -> None:
    for overlap in (-1, 32, 96):
        with pytest.raises(ZooError, match=rf"data.overlap={overlap} must be at least 0 and less than data.tile=32"):
            FolderDetection("folder", tmp_path, unchanged, tile=32, overlap=overlap)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_scene_without_data_is_refused_before_training(tmp_path: Path, split: str) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    settings = {"crop": 32, "tile": 32, "overlap": 8}
    data = FolderDetection("folder", tmp_path, unchanged, **settings)
    name = data.split.parts[split][0].name
    pixels = np.full((5, 64, 64), 3, np.uint8)
    write_raster(tmp_path / name, pixels, nodata=3)
    with pytest.raises(ZooError, match=rf"scene {name} .* holds nothing but nodata"):
        FolderDetection("folder", tmp_path, unchanged, **settings).setup()
    pixels[1, 40, 50] = 1
    write_raster(tmp_path / name, pixels, nodata=3)
    FolderDetection("folder", tmp_path, unchanged, **settings).setup()


def test_a_raster_that_was_cut_is_refused_before_training(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    path = tmp_path / "image_002.tif"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ZooError, match=r"image .*image_002\.tif cannot be read"):
        FolderDetection("folder", tmp_path, unchanged, crop=32, tile=32, overlap=8).setup()


@pytest.mark.parametrize("root", [None, ""])
def test_root_that_is_not_set(root: str | None) -> None:
    with pytest.raises(ZooError, match=r"data\.root is not set; .*data\.root=FOLDER"):
        FolderDetection("mine", root, unchanged)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("root", None, "is not set"),
        ("negatives", "drp", "mean drop"),
        ("crop", 0, "=0: an integer of at least 1"),
        ("tile", 0.5, "=0.5: an integer of at least 1"),
        ("samples", 0, "=0: an integer of at least 1 or null"),
        ("batch_size", "x", "='x': an integer of at least 1"),
        ("sampling", "balance", "='balance': one of uniform, balanced, rare; did you mean balanced"),
    ],
)
def test_what_is_refused_passes_hydra_unchanged(key: str, value: object, said: str) -> None:
    settings = {
        "_target_": "recipes.folder.boxes.module.FolderDetection",
        "name": "mine",
        "root": "here",
        "augment": {"_target_": "recipes.kit.pipeline.Pipeline"},
    }
    with pytest.raises(ZooError, match=rf"^data\.{key}.*{said}"):
        data_of(OmegaConf.create({"data": settings | {key: value}}))
