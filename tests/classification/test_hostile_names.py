"""Names of classes and files that would steer a terminal: no command prints them as they are."""

import sys
from pathlib import Path

import pytest

from configuration.training import main as train
from tests.classification.test_run import SMALL, picture
from tests.recipes.folder import tiny
from tools.cli import main

NAMES = ("a\x1b[31mX", "b\x07[/]c")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, bright in zip(NAMES, (False, True), strict=True):
        for number in range(8):
            tiny.save(
                tmp_path / "in\x1b]0;t" / name / f"\x1b[2J{number}.png", picture(bright, number).transpose(2, 0, 1)
            )
    return tmp_path / "in\x1b]0;t"


def test_no_command_prints_a_control_character(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = str(tmp_path / "run")
    words = ["task=classification", "data=folder", f'data.root="{folder}"', "model=timm/test_resnet", "data.size=32"]
    monkeypatch.setattr(sys, "argv", ["train.py"])
    assert train([*words, *SMALL, "task.probe=true", "augment=none", f"run={run}"]) == 0
    commands = (["data", "check", str(folder)], ["evaluate", run], ["predict", run, str(folder), "--out"])
    for command in commands:
        with pytest.raises(SystemExit) as end:
            main([*command, str(tmp_path / "said.csv")] if "--out" in command else command)
        assert not end.value.code, command
    said = capsys.readouterr()
    assert "f1/a\ufffd[31mX" in said.out
    assert "b\ufffd[/]c" in said.out
    assert [sign for sign in said.out + said.err if not sign.isprintable() and sign != "\n"] == []
