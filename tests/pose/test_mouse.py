"""Mirror-mouse: all labelled frames, in stretches; a skeleton whose sides change places; a video that can be read."""

from typing import Any

import numpy as np
import pytest

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.inference.video import open_video
from recipes.mouse.mirror import SPLITS
from zoo.sources import fetch_files


@pytest.fixture(scope="module")
def mouse() -> Any:
    data: Any = data_of(compose(["task=pose", "data=mouse", "trainer.workers=0"]))
    data.prepare_data()
    data.setup()
    return data


@pytest.mark.real
def test_stretches_are_held_out(mouse: Any) -> None:
    parts = mouse.split.parts
    assert {part: len(those) for part, those in parts.items()} == {"train": 60, "val": 10, "test": 20}
    numbers = {part: [int(one.name[3:]) for one in those] for part, those in parts.items()}
    assert {part: (min(those), max(those)) for part, those in numbers.items()} == {
        part: (those[0], those[-1]) for part, those in SPLITS.items()
    }


@pytest.mark.real
def test_the_table_is_read_as_it_stands(mouse: Any) -> None:
    first = mouse.find("img01")
    assert (first.width, first.height, len(first.keypoints)) == (396, 406, 17)
    np.testing.assert_allclose(first.keypoints[0], [77.25, 36.25])
    hidden = [name for name, seen in zip(mouse.classes, first.visible, strict=True) if not seen]
    assert hidden == ["tailBase_top", "tailMid_top"]


@pytest.mark.real
def test_sides_change_places_in_both_views(mouse: Any) -> None:
    order = mouse.skeleton.order_mirrored
    swapped = {mouse.classes[i]: mouse.classes[j] for i, j in enumerate(order) if i != j}
    assert swapped["paw1LH_top"] == "paw4RH_top"
    assert swapped["paw3RF_bot"] == "paw2LF_bot"
    assert len(swapped) == 8


@pytest.mark.real
def test_the_video_is_read_to_its_end(mouse: Any) -> None:
    table = fetch_files(mouse.sources())[0]
    video = open_video(table.parent / "videos" / "test_vid.mp4")
    assert (video.width, video.height) == (396, 406)
    assert sum(1 for _ in video.frames()) == video.expected == 994
    assert video.notes == []
