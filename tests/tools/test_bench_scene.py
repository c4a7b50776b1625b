"""The benchmark of scenes measures what it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from torch import Tensor

from recipes.imagery.scene import Scene
from recipes.inference.source import Source
from tests.tools.predict.painted import Local, Oracle, paint, rectangles
from tools.bench import made
from tools.bench.scene import seams, sliced, speed
from zoo.errors import ZooError
from zoo.geometry.tiles import grid


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made.scene(tmp_path / "scene.tif", 600, ("paint", "mark"))


def test_a_made_scene_is_seeded_and_full_of_things(path: Path, tmp_path: Path) -> None:
    again = made.scene(tmp_path / "again.tif", 600, ("paint", "mark"), (100, 1000))
    with rasterio.open(path) as first, rasterio.open(again) as second:
        assert (first.dtypes[0], second.dtypes[0]) == ("uint8", "uint16")
        assert first.descriptions == ("paint", "mark")
        pixels, other = first.read().astype(float), second.read().astype(float)
    np.testing.assert_allclose(pixels / 255, (other - 100) / 900, atol=0.01)
    assert (pixels > 178).mean() > 0.02
    assert pixels[0].std() > 10


def test_the_ways_take_turns_on_the_same_tiles(path: Path, tmp_path: Path) -> None:
    pytest.importorskip(
        "sahi.models.base", reason="pip install 'task-zoo[bench]' brings what scenes are measured against"
    )
    oracle = Oracle()
    work = oracle.prepare(path)
    seen = []
    ways = {
        "predict": speed.way(oracle),
        "sahi": sliced.way(oracle, 0.3),
        "seen": lambda strip: seen.append(strip.tiles),
    }
    facts = speed.measure(oracle, work, rounds=2, tiles=30, ways=ways).facts()
    assert [len(tiles) for tiles in seen] == [30, 30, 30]
    assert facts["tiles"] == 60
    assert oracle.seen == 3 * 30 * 3  # bare, predicted and sliced, of three strips
    assert facts["predict_of_bare"][0] <= facts["predict_of_bare"][1] <= facts["predict_of_bare"][2]


def test_seams_of_a_local_network_do_not_show_and_those_of_another_do(path: Path, tmp_path: Path) -> None:
    local = Local()

    class Global(Local):
        def compute(self, images: Tensor) -> Tensor:
            return super().compute(images + images.mean(dim=(2, 3), keepdim=True))

    source = Source.open(path, local.bands, local.data)
    assert seams.errors(local, source, 128, [32])[0]["largest"] < 1e-6
    assert seams.errors(Global(), source, 128, [32])[0]["largest"] > 1e-3


def test_a_scene_without_room_for_two_tiles_is_refused(path: Path, tmp_path: Path) -> None:
    oracle = Local()
    source = oracle.open(path)
    seams.refuse_small(source, 320, 40)
    with pytest.raises(ZooError, match=r"600 × 600 px has no two tiles of 328 px side by side.* of 616 px or more"):
        seams.refuse_small(source, 328, 40)


def test_which_objects_a_seam_cuts() -> None:
    tiles = list(grid(200, 100, 120, 20))
    assert sorted({(tile.x, tile.y) for tile in tiles}) == [(0, 0), (80, 0)]
    boxes = np.array([[10, 10, 30, 30], [70, 10, 90, 30], [90, 10, 110, 30], [115, 10, 125, 30], [190, 80, 200, 100]])
    assert seams.cut_by(boxes.astype(float), tiles).tolist() == [False, True, False, True, False]


def test_objects_are_found_as_their_geometry_is() -> None:
    rotated = np.array([[50, 50, 40, 10, 30], [20, 80, 20, 8, -60]], np.float32)
    aligned = np.array([[10, 10, 30, 30], [50, 60, 90, 70]], np.float32)
    for geometry, boxes in (("rotated_box", rotated), ("box", aligned)):
        scene = Scene("s", Path("s.tif"), (0, 0, 100, 100), boxes, np.array([0, 1]))
        found = {"boxes": torch.from_numpy(boxes[1:]), "scores": torch.ones(1), "labels": torch.tensor([1])}
        assert seams.hit_of(scene, found, geometry).tolist() == [False, True]
        assert seams.hit_of(scene, {**found, "labels": torch.tensor([0])}, geometry).tolist() == [False, False]


def test_an_oracle_finds_all_at_seams_and_elsewhere(tmp_path: Path) -> None:
    boxes = rectangles(300, 200, 30, 40)
    path = paint(tmp_path / "scene.tif", 300, 200, boxes)
    oracle = Oracle()
    work = oracle.prepare(path, overlap=24)
    scene = replace(work.source.scene, boxes=boxes.astype(np.float32), labels=np.arange(len(boxes)) % 2)
    assert 0 < seams.cut_by(scene.boxes, work.tiles).sum() < len(boxes)
    assert seams.hit_of(scene, oracle.merge(oracle.answers(work)), "box").all()
    oracle.score = 1.0
    assert not seams.hit_of(scene, oracle.merge(oracle.answers(work)), "box").any()


def test_untrained_weights_find_as_much_as_trained_ones(tmp_path: Path) -> None:
    """With the usual threshold everything is a candidate, and the bare network is slow for a reason of its own."""
    model = made.run(tmp_path / "run", "detection", 3).load_model()
    with torch.inference_mode():
        scene = torch.from_numpy(made.land(3, 512, np.random.default_rng(5)))[None].clamp(0, 1)
        assert 0 < len(model(scene)[0]["scores"]) < 3 * made.FOUND


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_a_run_of_untrained_weights_can_be_measured(tmp_path: Path, task: str) -> None:
    run = made.run(tmp_path / "run", task, 5)
    assert run.head()["bands"] == ["red", "green", "blue", "nir", "band5"]
    model = run.load_model()
    with torch.inference_mode():
        assert len(model(torch.rand(1, 5, 64, 64))) == 1
