"""The vehicles of KIT AIS: streets are never split, and the real files are what they were counted to be."""

from pathlib import Path

import pytest

from recipes.aerial.vehicles import REPOSITORY, STREETS, Vehicles


def street_of(name: str) -> list[str]:
    return [split for pattern, split in STREETS.values() if pattern.match(name)]


def test_every_picture_is_of_one_street_and_has_labels() -> None:
    names = [source.uri.removeprefix(f"{REPOSITORY}/") for source in Vehicles("vehicles", dict).sources()]
    pictures = [name for name in names if name.endswith(".png")]
    assert {f"{Path(name).stem}.txt" for name in pictures} | set(pictures) | {"aerial.names"} == set(names)
    assert (
        sorted(split for name in pictures for split in street_of(name)) == ["test"] * 20 + ["train"] * 25 + ["val"] * 20
    )
    assert street_of("dji_0001.jpg") == []


@pytest.mark.real
def test_the_real_frames() -> None:
    data = Vehicles("vehicles", dict)
    split = data.read_split()
    objects = {part: sum(len(scene.boxes) for scene in scenes) for part, scenes in split.parts.items()}
    assert objects == {"train": 1338, "val": 509, "test": 746}
    assert split.classes == ("car", "truck", "bus", "minibus", "cyclist")
    groups = {part: {scene.group for scene in scenes} for part, scenes in split.parts.items()}
    assert groups == {"train": {"west"}, "val": {"crossing"}, "test": {"second"}}
    assert split.licence == "CC-BY-3.0"
