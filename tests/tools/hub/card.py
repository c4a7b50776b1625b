"""A folder with one model whose weights lie in two places, as a test needs them."""

import hashlib
from pathlib import Path

import pytest

CARD = """\
---
name: {name}
task: backbone
summary: A backbone for tests.
build: {name}_code:build
paper: {{title: A title, authors: A. Author, year: 2020, url: https://example.org/paper}}
source: {{url: https://example.org/code, licence: MIT}}
designed_for: {{data: photographs, classes: 20, geometry: frame, bands: [red, green, blue]}}
not_for: [night]
adapts: {{}}
licences: {{code: MIT, weights: MIT, data: unknown}}
weights:
{weights}---
"""
WEIGHTS = """\
  - tag: {tag}
    sources: [{sources}]
    trained_on: photographs
    licence: MIT
    preprocessing: {{mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], bands: [red, green, blue]}}
"""


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put_card(folder: Path, patch: pytest.MonkeyPatch, name: str, tags: dict[str, list[str]]) -> None:
    """Write a card with these tags, each a list of sources in YAML, onto a card_root that ZOO_PATH names."""
    folder.mkdir(exist_ok=True)
    blocks = "".join(WEIGHTS.format(tag=tag, sources=", ".join(sources)) for tag, sources in tags.items())
    (folder / f"{name}.md").write_text(CARD.format(name=name, weights=blocks))
    patch.setenv("ZOO_PATH", str(folder))
