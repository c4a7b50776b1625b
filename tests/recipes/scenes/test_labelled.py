"""Generated scenes for other tasks: keypoints lie on their aircraft, plots show what they are used for."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.scenes.aircraft import KEYPOINTS, TIPS, draw, keypoints
from recipes.scenes.catalogue import AIRCRAFT, Variant
from recipes.scenes.generate import generate
from recipes.scenes.labelled_files import write_keypoints, write_plots
from recipes.scenes.picture import Light, Picture
from recipes.scenes.render import Renderer
from recipes.scenes.settings import SceneSettings
from recipes.scenes.things import Frame, Thing
from recipes.scenes.uses import USES, squares
from tools.data.check import check
from zoo.errors import ZooError

SCENE = SceneSettings(1400, 1400, 14, ("red", "green", "blue"), sea=0.0, clouds=0.0)
SMALL = [
    "data=scenes",
    "data.train=2",
    "data.val=1",
    "data.test=1",
    "data.scene_size=700",
    "data.sea=0",
    "trainer.workers=0",
]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.getbasetemp() / "scenes_cache"))


def data(task: str, *words: str) -> Any:
    found: Any = data_of(compose([f"task={task}", *SMALL, *words]))
    found.setup()
    return found


def aircraft(type_: int, angle: float) -> Thing:
    return Thing(Frame(50, 40, angle), 40, 30, 3, AIRCRAFT, Variant(type_, 0), 0, 0)


@pytest.mark.parametrize("type_", range(len(TIPS)))
def test_keypoints_lie_on_the_aircraft_that_is_drawn(type_: int) -> None:
    picture = drawn(aircraft(type_, 0))
    inward = keypoints(aircraft(type_, 0)) * 0.94 + np.array([50, 40]) * 0.06
    for (x, y), name in zip(inward, KEYPOINTS, strict=True):
        assert picture[round(y), round(x)], name


def drawn(thing: Thing) -> np.ndarray:
    """Return where an aircraft is drawn in a picture of 100 × 80 pixels."""
    y, x = np.mgrid[:80, :100]
    picture = Picture(thing, *thing.frame.local(x, y), Light(1, 0))
    draw(picture)
    return picture.material > 0


def test_the_left_wing_is_at_the_left_of_who_flies() -> None:
    nose, tail, left, right = keypoints(aircraft(0, 90))  # up in the picture
    assert nose[1] < tail[1]
    assert left[0] < right[0]


def test_a_pose_is_learnt_from_aircraft_that_are_cut_out() -> None:
    found = data("pose", "data.size=64")
    assert found.classes == KEYPOINTS
    assert found.fitted()["boxes"]
    sample = found.read_sample(found.split.parts["test"][0])
    assert sample["image"].shape == (3, 64, 64)
    assert sample["visible"].all()
    assert ((sample["keypoints"] >= 0) & (sample["keypoints"] <= 64)).all()


def test_plots_are_named_by_their_use() -> None:
    found = data("classification", "data.size=64")
    assert found.classes == USES
    scene = found.split.parts["train"][0]
    assert scene.window[2:] == (200, 200)
    assert len({USES[int(one.labels[0])] for one in found.split.every()}) > 3


def test_plots_and_keypoints_are_written_as_data_of_one_s_own(tmp_path: Path) -> None:
    image = tmp_path / "scene.tif"
    generate(SCENE, image)
    content = json.loads(write_keypoints(SCENE, image).read_text())
    (category,) = content["categories"]
    assert category["keypoints"] == list(KEYPOINTS)
    assert len(content["annotations"]) > 2
    folder = write_plots(SCENE, image)
    written = {path.relative_to(folder).parts[0] for path in folder.rglob("*.tif")}
    assert written == {use for _, use in squares(Renderer(SCENE))}
    path = next(folder.rglob("*.tif"))
    with rasterio.open(path) as plot, rasterio.open(image) as scene:
        row, column = scene.index(plot.bounds.left + 0.1, plot.bounds.top - 0.1)
        np.testing.assert_array_equal(plot.read(), scene.read()[:, row : row + 200, column : column + 200])
    with pytest.raises(ZooError, match="is there already"):
        write_plots(SCENE, image)
    assert set(check(str(folder), "task=classification").classes) == written
