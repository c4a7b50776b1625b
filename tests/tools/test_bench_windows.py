"""The benchmark of windows: it reads what is there, and refuses what does not fit."""

import json
from pathlib import Path

import pytest

from recipes.scenes.generate import generate
from recipes.scenes.settings import SceneSettings
from tools.cli import main


def test_windows_of_a_scene_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = generate(SceneSettings.of(90, 70, 2), tmp_path / "scene.tif").image
    with pytest.raises(SystemExit) as ended:
        main(["bench", "windows", str(scene), "--size", "64", "--count", "5", "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert (figures["width"], figures["height"], figures["bands"], figures["count"]) == (90, 70, 2, 5)
    assert list(figures["ways"]) == ["kept open", "opened anew"]
    assert all(way["a_second"] > 0 for way in figures["ways"].values())
    with pytest.raises(SystemExit) as ended:
        main(["bench", "windows", str(scene), "--size", "71"])
    assert ended.value.code == 2
    assert "--size 71 is larger than" in capsys.readouterr().err
