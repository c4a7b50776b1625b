"""The card of a finished run: README.md of its folder, a Hugging Face model card, written by the tool that measured."""

import math
from collections.abc import Mapping
from textwrap import indent
from typing import Any

import yaml

from zoo import quantities
from zoo.files import atomic_write
from zoo.fit import Fit
from zoo.profile import Profile
from zoo.registry.cards import Card
from zoo.registry.tasks import task
from zoo.runs.run import Run


def write_card(run: Run, card: Card, profile: Profile, fit: Fit, metrics: Mapping[str, Any]) -> None:
    """Write README.md into the run folder, from what is in it."""
    tag = task(card.task).for_objective(run.config["task"].get("objective")).pipeline_tag
    head = hub_head(card, profile, tag, metrics)
    text = body(run, card, profile, fit, metrics)
    with atomic_write(run.folder / "README.md") as part:
        part.write_text(
            f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n\n{text}", encoding="utf-8"
        )


def hub_head(card: Card, profile: Profile, tag: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the head in the hub's terms: its word for the task (`tag`), licence, tags, and the results as a model-index."""
    results = [
        {"type": name.removeprefix("test/"), "value": round(value, 4)}
        for name, value in metrics.items()
        if name.startswith("test/") and math.isfinite(value)
    ]
    dataset = {"name": profile.data, "type": profile.data, "split": "test"}
    return {
        "library_name": "task-zoo",
        "pipeline_tag": tag,
        "tags": ["task-zoo", card.task, profile.data, card.name],
        "license": card.licences.weights.lower() if card.licences.weights != "unknown" else "other",
        "model-index": [
            {"name": card.name, "results": [{"task": {"type": tag}, "dataset": dataset, "metrics": results}]}
        ],
    }


def body(run: Run, card: Card, profile: Profile, fit: Fit, metrics: Mapping[str, Any]) -> str:
    """Return the Markdown of the card."""
    config = run.config
    rows = "\n".join(
        f"| {name.removeprefix('test/')} | {quantities.metric(value)} |"
        for name, value in sorted(metrics.items())
        if name.startswith("test/")
    )
    classes = ", ".join(f"{name} ({count})" for name, count in profile.classes.items())
    weights = "\n".join(
        f"- {entry['model']} `{entry['tag']}`, {entry['licence']}, from `{entry['source']}` (sha256 {entry['sha256']}); "
        f"stem: {entry['stem']}"
        for entry in metrics["weights"]
    )
    pictures = "\n".join(f"![{path.stem}](plots/{path.name})" for path in sorted((run.folder / "plots").glob("*.png")))
    return f"""# {card.name} for {profile.data}

{card.summary}

Trained with seed {config["seed"]} in {metrics["seconds"]} seconds on {metrics["hardware"]["processor"]} by

{indent(config["command"], "    ")}

`config.yaml` holds every setting.

## Result on the test split

| metric | value |
|---|---|
{rows}

## Data

{profile.data}, licence {profile.licence}. Classes: {classes}. {" ".join(profile.notes)}

## How the model fits the data

{fit.markdown()}

## Started from

{weights or "random weights"}

## Licences of the model

code {card.licences.code}, weights {card.licences.weights}, data of the weights {card.licences.data}

{pictures}
"""
