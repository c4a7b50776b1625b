"""The how-tos of CONTRIBUTING.md, carried out as they stand there in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HOW_TOS = ("A model", "A format of folders", "A domain with its recipe", "A task", "A command")


class Block(NamedTuple):
    """A block of a how-to: its language, the file that it is, and what it holds."""

    language: str
    title: str | None
    content: str


def blocks(name: str) -> Iterator[Block]:
    """Yield the blocks below a heading of the text, in their order."""
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert section, f"CONTRIBUTING.md has no section {name!r}"
    for found in re.finditer(r'^```(\w+)(?: title="(.+?)")?\n(.*?)^```$', section[1], re.DOTALL | re.MULTILINE):
        yield Block(found[1], found[2], found[3])


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files of the checkout, as far as they are there."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no checkout: {done.stderr.strip()}")
    return [line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.fixture
def project(tracked: list[str], tmp_path: Path) -> Path:
    """A copy of them, without a history, in which `zoo` and `python` are this project's."""
    copy = tmp_path / "project"
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in (("zoo", "-m tools.cli"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (programs / name).chmod(0o755)
    return copy


def carry_out(block: Block, project: Path) -> None:
    """Write the file that a block is, change the files of a diff, or run the lines of a console."""
    if block.title:
        (project / block.title).parent.mkdir(parents=True, exist_ok=True)
        (project / block.title).write_text(block.content, encoding="utf-8")
    elif block.language == "diff":
        call(project, "git", "apply", "--recount", "-C1", "-", given=block.content)
    elif block.language == "console":
        for line in block.content.splitlines():
            assert line.startswith("$ "), line
            call(project, "sh", "-c", line.removeprefix("$ "))


def call(project: Path, *words: str, given: str = "") -> None:
    path = f"{project.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    cache = str(project.parent / "cache")
    surroundings = {**os.environ, "PATH": path, "PYTHONPATH": str(project), "ZOO_CACHE": cache, "ZOO_PATH": ""}
    done = subprocess.run(
        words, cwd=project, env=surroundings, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words[-1]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("name", HOW_TOS)
def test_it_works_as_it_stands(name: str, project: Path) -> None:
    found = list(blocks(name))
    assert any(block.language == "console" for block in found)
    for block in found:
        carry_out(block, project)
