"""The generated pages: up to date, every key and command in them, and what the README shows of a run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from configuration.groups import options
from tools.docs import configuration_reference
from tools.docs.command import DOCS, PAGES
from tools.docs.settings_files import own_settings, settings_of_file
from tools.registry import readme

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def configuration() -> str:
    return configuration_reference.page()


@pytest.mark.parametrize("name", [name for name in PAGES if "configuration" not in name])
def test_a_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "`zoo docs` writes it"


def test_the_page_of_the_configuration_is_up_to_date_and_names_all_data(configuration: str) -> None:
    assert (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8") == configuration, (
        "`zoo docs` writes it"
    )
    assert re.findall(r"^### data=(\w+)", configuration, re.MULTILINE) == options("data")


def test_a_key_is_told_with_what_checks_it(configuration: str) -> None:
    row = next(line for line in configuration.splitlines() if line.startswith("| `data.crop` |"))
    assert "an integer" in row
    assert "| `seed` | an integer from 0 to 4294967295 | `0` |" in configuration


def test_settings_come_from_all_files_that_one_stands_on(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("size: 3 # pixels\nnames: [a, b]\ninner: # a group\n  least: null # or none\n")
    (tmp_path / "top.yaml").write_text(
        "# What | it is.\ndefaults:\n  - base\n  - _self_\nsize: 4\nmore: ${size} # new\n"
    )
    found = settings_of_file(tmp_path / "top.yaml", "data")
    assert found["data.size"] == ("data.size", "4", "pixels")
    assert found["data.names"].default == "[a, b]"
    assert found["data.inner.least"] == ("data.inner.least", "null", "or none")
    assert found["data.more"] == ("data.more", "${size}", "new")
    assert list(own_settings(tmp_path / "base.yaml", "")) == ["size", "names", "inner.least"]


def test_what_differs_from_run_to_run_is_no_part_of_an_outline() -> None:
    epochs = "epoch  1/8  loss 1.0  2.5 samples/s\nepoch  2/8  loss 0.9  val/map_50 0.5  2 samples/s\n"
    first = f"run  a/b\nhardware  X: 2 threads\n{epochs}folder a/b\n"
    second = "run  other/c\nhardware  Y\nepoch 1/1  loss 3  9 samples/s\nfolder    other/c\n"
    assert readme.outline(first) == readme.outline(second)
    assert readme.outline(first) != readme.outline(first.replace("folder", "pictures"))
    assert readme.outline(first) != readme.outline(first.replace("loss", "error"))


def test_the_readme_is_short_and_begins_with_what_to_type() -> None:
    lines = readme.README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 130
    assert any(line.startswith("make train") for line in lines[:10])


@pytest.mark.real
def test_a_run_of_today_prints_the_lines_that_the_readme_shows(tmp_path: Path) -> None:
    words = ["task=detection", "data=satellite", "data.samples=8", "trainer.max_epochs=2", "model.views=1"]
    small = ["trainer.threads=1", "trainer.workers=0", f"run={tmp_path / 'run'}"]
    done = subprocess.run(
        [sys.executable, "train.py", *words, *small], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert readme.outline(readme.part(readme.README.read_text(encoding="utf-8"), "run")) == readme.outline(done.stdout)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["headline"] == "test/map_50"
    assert any((tmp_path / "run" / "plots").iterdir())
