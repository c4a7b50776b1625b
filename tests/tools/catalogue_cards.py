"""A card_root of small cards for the tests of the site: written by code, with blocks sealed as the tools seal them."""

import json
from pathlib import Path
from typing import Any

from zoo.registry.measurements import Measurement

SHA = "0123456789abcdef" * 4


def head(name: str, **changes: Any) -> dict[str, Any]:
    """Return the head of a card that changes in what a test is about."""
    facts: dict[str, Any] = {
        "name": name,
        "task": "detection",
        "summary": f"The invented model {name}.",
        "build": "module:build",
        "domains": ["satellite"],
        "paper": {"title": "A Paper", "authors": "Somebody", "year": 2020, "url": "https://example.org/paper"},
        "source": {"url": "https://example.org/code", "licence": "MIT", "follows": "their model"},
        "designed_for": {"data": "Some Data", "classes": 3, "geometry": "box", "size": [64, 64], "bands": ["red"]},
        "not_for": ["Objects that are too small."],
        "adapts": {"classes": "any number"},
        "licences": {"code": "MIT", "weights": "Apache-2.0", "data": "CC-BY-4.0"},
    }
    return {**facts, **changes}


def weights(tag: str, **changes: Any) -> dict[str, Any]:
    """Return one set of weights."""
    facts = {
        "tag": tag,
        "sources": [{"uri": "hf://owner/repo@main/model.safetensors", "sha256": SHA, "bytes": 1234567}],
        "trained_on": "Some Data",
        "licence": "Apache-2.0",
        "preprocessing": {"mean": [0.5], "std": [0.5], "bands": ["red"]},
    }
    return {**facts, **changes}


def measurement(name: str, value: float, seconds: float = 100.0, **changes: Any) -> dict[str, Any]:
    """Return a measurement as a tool would have sealed it for the card `name`."""
    facts: dict[str, Any] = {
        "experiment": "satellite_trees",
        "data": "satellite",
        "metric": "test/map_50",
        "value": value,
        "spread": (value - 0.01, value + 0.01),
        "seeds": (0, 1, 2),
        "hardware": "Some Processor",
        "threads": 2,
        "precision": "bf16-mixed",
        "seconds": seconds,
        "date": "2026-01-31",
    }
    return Measurement(**{**facts, **changes}).sealed(name).model_dump(mode="json", exclude_none=True)


def put(card_root: Path, content: dict[str, Any], text: str = "# Title\n\nSome prose.\n") -> None:
    """Write a card, and beside it what was `measured`; JSON is YAML."""
    card_root.mkdir(parents=True, exist_ok=True)
    lines = "\n".join(f"{key}: {json.dumps(value)}" for key, value in content.items() if key != "measured")
    (card_root / f"{content['name']}.measured.json").write_text(
        json.dumps(content.get("measured", [])), encoding="utf-8"
    )
    (card_root / f"{content['name']}.md").write_text(f"---\n{lines}\n---\n\n{text}", encoding="utf-8")


def varied(card_root: Path) -> None:
    """Write models that differ in everything by which the overview sorts and filters."""
    put(
        card_root,
        head("alpha", parameters=900_000, measured=[measurement("alpha", 0.61, 60)], weights=[weights("one")]),
    )
    put(card_root, head("beta", parameters=30_000_000, measured=[measurement("beta", 0.72, 900)], domains=["aerial"]))
    put(card_root, head("gamma", task="segmentation", status="deprecated", domains=["medical"]))
    nc = {"code": "MIT", "weights": "CC-BY-NC-4.0", "data": "unknown"}
    put(card_root, head("delta", task="sequence", parameters=4_000, domains=["speech"], licences=nc))
    put(
        card_root,
        head("plinth", task="backbone", domains=[], weights=[weights("in1k", initialised_from="Other Weights")]),
    )
    put(card_root, head("upon_plinth", options={"backbone": "plinth"}, parameters=5_000_000))
