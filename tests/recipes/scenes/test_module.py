"""`data=scenes`: batches of generated scenes, and that everything says they are generated."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recipes.scenes.module import GeneratedDetection, GeneratedSegmentation, Making
from recipes.scenes.spectra import band_names
from zoo.errors import ZooError

SMALL = {"train": 2, "val": 1, "test": 1, "size": 320, "crop": 128, "tile": 160, "overlap": 32, "batch_size": 4}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.getbasetemp() / "scenes_cache"))


def detection(**settings: object) -> GeneratedDetection:
    return GeneratedDetection("scenes", lambda sample: sample, **{**SMALL, "samples": 8, **settings})


def test_detection_of_rotated_boxes() -> None:
    data = detection()
    data.prepare_data()
    assert data.geometry == "rotated_box"
    batch = next(iter(data.train_dataloader()))
    assert batch["images"].shape == (4, 4, 128, 128)
    assert 0.05 < float(batch["images"].mean()) < 0.6
    assert {target["boxes"].shape[1] for target in batch["targets"]} == {5}
    assert sum(len(target["boxes"]) for target in batch["targets"]) > 0
    assert batch["targets"][0]["difficult"].dtype == torch.bool
    truth = sum(len(scene.boxes) for scene in data.split.parts["test"])
    tiles = data.test_dataloader()
    assert sum(len(target["boxes"]) for batch in tiles for target in batch["targets"]) == truth
    profile = data.profile()
    assert profile.rotated is not None
    assert profile.rotated > 0.3


def test_everything_says_that_it_is_generated() -> None:
    profile = detection().profile()
    assert profile.data == "generated-scenes"
    assert "of no real place" in profile.notes[0]
    assert profile.licence == "CC0-1.0"
    assert all(name.startswith("generated_") for name in (scene.name for scene in detection().split.parts["test"]))


def test_hulls_in_place_of_rotated_boxes() -> None:
    rotated, straight = detection().split, detection(geometry="box").split
    for part in ("train", "test"):
        for one, two in zip(rotated.parts[part], straight.parts[part], strict=True):
            assert one.path == two.path
            np.testing.assert_allclose(one.centres, two.centres, atol=0.5)
            assert (two.boxes >= 0).all()
            assert (two.boxes <= 320).all()
    assert detection(geometry="box").geometry == "box"


def test_scenes_of_the_splits_have_no_seed_in_common() -> None:
    settings = [Making(train=30, val=20, test=10, scene_seed=seed).settings(5, 64) for seed in (0, 1)]
    seeds = [one.seed for split in settings for those in split.values() for one in those]
    assert len(set(seeds)) == len(seeds) == 120


def test_segmentation_of_eight_bands() -> None:
    data = GeneratedSegmentation(
        "scenes", lambda sample: sample, **{**SMALL, "samples": 8, "classes": 6, "bands": band_names()}
    )
    data.setup()
    batch = next(iter(data.train_dataloader()))
    assert batch["images"].shape == (4, 8, 128, 128)
    assert batch["masks"].shape == (4, 128, 128)
    assert data.classes == ("water", "field", "forest", "road", "building", "vehicle")
    counts = data.profile().classes
    assert sum(counts.values()) <= 2 * 320 * 320
    assert min(counts[name] for name in ("water", "field", "forest", "road", "vehicle")) > 0  # few plots, few buildings
    assert set(torch.cat([b["masks"].unique() for b in data.test_dataloader()]).tolist()) <= {0, 1, 2, 3, 4, 5, 255}


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ZooError, match="geometry=polygon is not known"):
        detection(geometry="polygon")
    with pytest.raises(ZooError, match=r"data\.cloud is not known; did you mean clouds"):
        detection(cloud=0.1)
    with pytest.raises(ZooError, match=r"data\.bands=4 must be a list of names"):
        detection(bands=4).setup()
    with pytest.raises(ZooError, match=r"data\.test=0 must be at least 1 scene"):
        detection(test=0).setup()
    with pytest.raises(ZooError, match=r"data\.classes=5 must be 6"):
        GeneratedSegmentation("scenes", lambda sample: sample, classes=5)


def test_the_split_of_the_cache_is_read_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = detection().split.parts["val"][0]
    monkeypatch.chdir(tmp_path)
    assert detection().split.parts["val"][0].path == first.path
