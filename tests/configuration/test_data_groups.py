"""The configuration of data: little of it is said twice, and what serves a task is read off it."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from configuration.composition import compose
from configuration.groups import CONF, data_for, options, tasks_of
from zoo.errors import ZooError
from zoo.runs.configuration import flat


def settings(path: Path) -> list[tuple[str, str]]:
    """Return the keys of a file with their values; where the data stand in the configuration is no part of a key."""
    found = flat({key: value for key, value in yaml.safe_load(path.read_text()).items() if key != "defaults"})
    return [(key.removeprefix("data."), repr(value)) for key, value in found.items()]


def test_at_most_a_quarter_of_the_settings_repeats() -> None:
    files = [*(CONF / "data").rglob("*.yaml"), *(CONF / "loading").rglob("*.yaml")]
    counts = Counter(one for path in files for one in settings(path))
    again = sum(count - 1 for count in counts.values())
    assert again / counts.total() <= 0.25, counts.most_common(20)


def test_a_folder_of_tasks_is_only_there_for_several() -> None:
    assert all(len(list(folder.glob("*.yaml"))) > 1 for folder in (CONF / "data").iterdir() if folder.is_dir())


def test_data_know_their_tasks() -> None:
    assert all(tasks_of(name) for name in options("data"))
    assert tasks_of("vehicles") == ["detection"]
    assert tasks_of("folder") == ["classification", "detection", "pose", "segmentation", "sequence"]
    assert "seismic" in data_for("segmentation")
    assert "seismic" not in data_for("detection")


@pytest.mark.parametrize("words", [("data=vehicles",), ("recipes=vehicles",)])
def test_data_for_another_task_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ZooError, match="data=vehicles has nothing for task=segmentation: it serves task=detection"):
        compose(["task=segmentation", *words])
