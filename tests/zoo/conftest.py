"""A card to vary, and a folder for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

CARD = """\
---
name: {name}
task: detection
summary: A detector for tests.
build: {name}_code:build
options: {{geometry: box, strides: [8, 16], max_detections: 100}}
domains: [satellite]
paper: {{title: A title, authors: A. Author, year: 2020, url: https://example.org/paper}}
source: {{url: https://example.org/code, licence: MIT}}
designed_for:
  data: photographs
  classes: 20
  geometry: box
  size: [300, 300]
  bands: [red, green, blue]
  dtype: uint8
not_for: [night]
adapts: {{classes: any number}}
licences: {{code: MIT, weights: CC-BY-NC-4.0, data: unknown}}
weights:
  - tag: first
    sources: [{{uri: "hf://owner/repo@main/model.safetensors"}}]
    trained_on: photographs
    licence: CC-BY-NC-4.0
    preprocessing: {{mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], bands: [red, green, blue]}}
parameters: 1234
---

# A detector for tests

It detects nothing.
"""

Writer = Callable[..., Path]


@pytest.fixture
def write_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Write a card (and, on request, its code) into a folder; the index goes to a cache of the test's own."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))

    def write(
        name: str = "tiny", folder: str = "card_root", change: tuple[str, str] = ("", ""), code: str = ""
    ) -> Path:
        path = tmp_path / folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = CARD.format(name=name)
        assert change[0] in text
        path.write_text(text.replace(*change) if change[0] else text, encoding="utf-8")
        if code:
            path.with_name(f"{name}_code.py").write_text(code, encoding="utf-8")
        return path

    return write
