"""Runs whose weights are random, with all that a run has beside them; tiny recordings to make them of."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml

import zoo
from configuration.composition import compose, to_dict
from configuration.instantiation import data_of
from tests.recipes.texts import topics, write_conll, write_table
from zoo.runs.run import Run

RATE = 8000


def untrained(folder: Path, *words: str, learnt: dict[str, Any] | None = None) -> tuple[Run, Any]:
    """Return a run of these words whose weights are random, and its data module."""
    common = ["task=sequence", "trainer.workers=0", "trainer.threads=1", "trainer.precision=32-true", f"run={folder}"]
    cfg = compose([*common, *words])
    data = data_of(cfg)
    data.setup()
    options = {key: value for key, value in to_dict(cfg)["model"].items() if key not in ("name", "pretrained")}
    torch.manual_seed(0)
    model = zoo.create(cfg.model.name, classes=len(data.classes), bands=data.bands, pretrained=False, **options)
    head = {"model": cfg.model.name, "options": options, "classes": list(data.classes), "bands": list(data.bands)}
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(to_dict(cfg)), encoding="utf-8")
    run = Run(folder)
    run.save_model(model, {**head, "fitted": data.fitted(), "learnt": learnt or {}})
    return run, data


def wave(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.2 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)).clip(-3, 3)


def recordings(folder: Path, text: bool = False) -> Path:
    """Write a manifest of recordings in two rates."""
    lines = ["path,label,text,split"]
    for index, split in enumerate(("train", "train", "train", "val", "test", "test")):
        soundfile.write(folder / f"{index}.wav", wave(0.3 + 0.1 * index, index), RATE * (1 + index % 2))
        lines.append(f"{index}.wav,{'ab'[index % 2]},{'yes no' if text else ''},{split}")
    (folder / "list.csv").write_text("\n".join(lines))
    return folder / "list.csv"


def table(path: Path, steps: int = 60, gaps: bool = False) -> Path:
    """Write two machines, a row an hour, with a state and what is unusual."""
    random, lines = np.random.default_rng(0), ["hour;machine;x;y;state;bad;kind"]
    for machine in ("A", "B", "C", "D", "E", "F"):
        for step in range(steps):
            x = "" if gaps and step % 9 == 4 else f"{random.normal():.3f}"
            kind = "up" if machine in "ABC" else "down"
            lines.append(f"{step};{machine};{x};{step + random.normal():.3f};{'uv'[step % 2]};{int(step == 50)};{kind}")
    path.write_text("\n".join(lines))
    return path


SERIES = ["data=series", "data.columns.values=[x,y]", "data.columns.series=machine", "data.columns.time=hour"]
WORDS = ["model.vocabulary=200", "model.embedded=8", "model.buckets=100"]


def kind(name: str, folder: Path) -> tuple[list[str], Path]:
    """Return the words of a run, and a file that holds its data."""
    if name in ("classify recordings", "transcribe"):
        model = ["model=ds_cnn_s"] if name != "transcribe" else ["model=deep_speech2", "model.size=[2,8,1]"]
        asked = f"task.objective={name.split()[0]}"
        return ["data=folder", f"data.root={recordings(folder, True)}", asked, *model], folder
    if name == "topics":
        path = write_table(folder / "t.csv", [("text", "label"), *topics(60)])
        return ["data=topics", f"data.root={path}", *WORDS], path
    if name == "entities":
        return ["data=entities", f"data.root={write_conll(folder / 'conll')}", *WORDS], folder / "conll" / "test.txt"
    if name == "translate":
        path = write_table(folder / "t.csv", [("source", "target"), *[(f"{i:03d}", f"no {i}") for i in range(200)]])
        small = ["model.width=16", "model.embedded=8", "+task.objective_options.longest=5"]
        return ["data=translation", f"data.root={path}", *small], path
    if name == "genomics":
        bases = ["".join(np.random.default_rng(i).choice(list("ACGTn"), 20)) for i in range(60)]
        (folder / "dna.txt").write_text("\n".join(f"{'ab'[i % 2]},s{i},{b}" for i, b in enumerate(bases)))
        return ["data=genomics", f"data.root={folder / 'dna.txt'}"], folder / "dna.txt"
    words = {
        "classify": ["data.columns.label=kind", "model=gru", "data.ratios=[0.32,0.34,0.34]"],
        "tag": ["data.columns.label=state", "data.missing=mask", "model=tcn"],
        "forecast": ["data.window=10", "data.horizon=2", "data.ratios=[0.5,0.2,0.3]"],
        "detect_anomalies": ["data.columns.label=bad", "model=windowed_gaussian", "data.ratios=[0.5,0.2,0.3]"],
    }[name]
    path = table(folder / "t.csv", gaps=name == "tag")
    return [*SERIES, f"data.root={path}", f"task.objective={name}", *words], path
