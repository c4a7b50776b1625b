"""Trainings in processes of their own that end without another line, as by SIGKILL or a power cut, at a stage that is named.

Each has chance of two kinds in it: what its data and model draw, and a factor of every loss that is drawn here from the
global generators, so that a resumed run which does not bring them back ends elsewhere.
"""

import csv
import itertools
import json
import multiprocessing
import os
import random
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

#: The exit code of a killed process.
KILLED = 9
#: What a run measures of the machine and the clock; it differs in any two runs.
MEASURED = ("seconds", "samples_per_second", "peak_memory_mb")
#: Files that hold such measurements, or the words and the weights that are compared otherwise.
NOT_COMPARED = ("training.png", "console.txt", "README.md", "metrics.json", "config.yaml", "last.ckpt", "best.ckpt")
CONTEXT = multiprocessing.get_context("forkserver")  # a process that has trained cannot be forked
CONTEXT.set_forkserver_preload(["configuration.training", "tasks.session", "recipes.kit.module", "matplotlib.figure"])


@dataclass(frozen=True)
class Stage:
    """Where a process ends: before or after the `count`-th call of `target` (module:Class.name), on `file` if one is named."""

    target: str
    count: int = 1
    after: bool = False
    file: str = ""

    def arm(self) -> None:
        """Let this process end there."""
        module, _, path = self.target.partition(":")
        *owners, name = path.split(".")
        owner: Any = import_module(module)
        for part in owners:
            owner = getattr(owner, part)
        original, calls = getattr(owner, name), itertools.count(1)

        def ending(*args: Any, **options: Any) -> Any:
            meant = not self.file or any(isinstance(value, Path) and value.name == self.file for value in args)
            now = meant and next(calls) == self.count
            if now and not self.after:
                os._exit(KILLED)
            result = original(*args, **options)
            if now:
                os._exit(KILLED)
            return result

        setattr(owner, name, ending)


SAVE = "zoo.files:durable_replace"
EPOCH_END = "tasks.callbacks.checkpoint:Checkpoint.on_train_epoch_end"
SELECT = "tasks.callbacks.checkpoint:Checkpoint.load_selected"
#: In this order, a run that is resumed after each passes all of them in two epochs, each of which is validated.
STAGES = {
    "in the first epoch": Stage("tasks.base:Task.training_step", 2),
    "in the first save": Stage(SAVE, file="best.ckpt"),
    "between the two checkpoints": Stage(SAVE, file="last.ckpt"),
    "after the first save": Stage(EPOCH_END, after=True),
    "in the last epoch": Stage("tasks.base:Task.training_step", 2),
    "in the validation": Stage("tasks.base:Task.validation_step"),
    "in the last save": Stage(SAVE, file="last.ckpt"),
    "after the last epoch": Stage(SELECT),
    "in the test": Stage("tasks.base:Task.test_step"),
    "in the save of the weights": Stage(SAVE, file="weights.safetensors"),
    "while drawing": Stage("tasks.plots.curves:draw"),
    "in the last write": Stage(SAVE, file="metrics.json"),
}


def carry_out(config: dict[str, Any], stage: Stage | None) -> None:
    """Train, in this process, until the stage or to the end."""
    from omegaconf import OmegaConf

    from configuration.training import train

    warnings.simplefilter("ignore")
    shake_losses()
    if stage is not None:
        stage.arm()
    train(OmegaConf.create(config))


def shake_losses() -> None:
    """Multiply every loss by chance of three generators, as dropout and augmentations do in their ways."""
    import numpy as np
    import torch

    from tasks.base import Task

    step = Task.step

    def shaken(task: Task, batch: Any, stage: Any) -> Any:
        loss = step(task, batch, stage)
        return None if loss is None else loss * (0.5 + torch.rand(()) + np.random.rand() + random.random())

    Task.step = shaken  # type: ignore[method-assign]


def train_apart(config: dict[str, Any], stage: Stage | None = None, seconds: float | None = None) -> int:
    """Begin a run in another process, or go on with it, until the stage or for so many seconds; return its exit code."""
    folder = Path(config["run"])
    begun = str(folder) if (folder / "config.yaml").exists() else None
    process = CONTEXT.Process(target=carry_out, args=({**config, "resume": begun}, stage))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return KILLED
    return int(process.exitcode or 0)


def assert_same(whole: Path, killed: Path) -> None:
    """Hold what a run left that was killed against what an unbroken one left: the same files, with the same content."""
    names = {path.relative_to(whole) for path in whole.rglob("*") if path.is_file()}
    assert {path.relative_to(killed) for path in killed.rglob("*") if path.is_file()} == names
    for name in sorted(names):
        if name.name not in NOT_COMPARED:
            assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    for name in ("metrics.json", "config.yaml"):
        texts = [(folder / name).read_text().replace(str(folder), "RUN") for folder in (whole, killed)]
        if name == "metrics.json":
            kept = [{k: v for k, v in json.loads(text).items() if k not in MEASURED} for text in texts]
            assert kept[0] == kept[1]
        else:
            assert texts[0] == texts[1]
    for name in ("last.ckpt", "best.ckpt"):
        assert_same_state(whole / "checkpoints" / name, killed / "checkpoints" / name)
    if (whole / "logs" / "metrics.csv").exists():
        with (killed / "logs" / "metrics.csv").open() as file:
            assert {row["epoch"] for row in csv.DictReader(file)} >= {"0", "1"}, "the earlier epochs are in the log"


def assert_same_state(whole: Path, killed: Path) -> None:
    """Compare all tensors of two checkpoints: raw and averaged weights, and the state of the optimizer."""
    import torch

    if not whole.exists():
        return
    first, second = (torch.load(path, weights_only=True) for path in (whole, killed))
    for key in ("state_dict", "current_model_state", "averaging_state", "optimizer_states", "lr_schedulers"):
        a, b = (torch.utils._pytree.tree_flatten_with_path(state[key])[0] for state in (first, second))
        assert len(a) == len(b) > 0
        for (path, one), (_, other) in zip(a, b, strict=True):
            assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other, (key, path)
