"""`zoo evaluate RUN`: the numbers of the test at the end of training, again, or on other data."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from zoo.errors import ZooError
from zoo.runs.run import Run

if TYPE_CHECKING:
    from recipes.kit.module import DataModule
    from tasks.base import Task


def command(
    run: Annotated[str, typer.Argument(help="a run: its folder, or the end of its name")],
    overrides: Annotated[list[str] | None, typer.Argument(help="other data or settings, as for train.py")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the metrics as JSON")] = False,
) -> None:
    """Test a run's weights: the same numbers as at the end of its training.

    Examples: `zoo evaluate runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00`, or on your own images
    `zoo evaluate RUN data=folder data.root=my_images`.
    """
    metrics = evaluate(Run.find(run), overrides or [])
    if json_:
        print(json.dumps(metrics, indent=2))
        return
    table = Table(box=None)
    table.add_column("metric")
    table.add_column("value", justify="right")
    for name, value in sorted(metrics.items()):
        table.add_row(name, f"{value:.4f}")
    Console().print(table)


def evaluate(run: Run, overrides: list[str]) -> dict[str, float]:
    """Return the test metrics of a run's weights on its own data, or as `overrides` change it."""
    return tested(run, overrides)[2]


def tested(run: Run, overrides: list[str]) -> tuple["Task", "DataModule", dict[str, float]]:
    """Test a run's weights on its own data, or as `overrides` change it; return the task, the data and the metrics."""
    import torch

    from configuration.composition import recompose
    from configuration.instantiation import data_of, task_of
    from tasks.session import HARDWARE, trainer_of
    from zoo import hardware

    cfg = recompose(run.config, overrides)
    chosen = hardware.choose(**{key: cfg.trainer[key] for key in HARDWARE})
    hardware.apply(chosen)
    head = run.head()
    model = run.load_model(
        **{key: value for key, value in cfg.model.items() if head["options"].get(key, value) != value}
    )
    data = data_of(cfg)
    data.restore(head.get("fitted", {}))  # runs of before have none
    data.prepare_data()
    data.setup("test")
    refuse_other(head, data)
    chosen = hardware.suited(chosen, model, cfg.trainer.channels_last)  # as it was tested after training
    task = task_of(cfg, model, data.classes, chosen.channels_last)
    task.restore(head.get("learnt", {}))  # runs of before have none
    with torch.random.fork_rng(devices=[]):
        metrics = trainer_of(chosen).test(task, datamodule=data, verbose=False)[0]
    return task, data, {name: float(value) for name, value in metrics.items()}


def refuse_other(head: dict[str, Any], data: Any) -> None:
    """Refuse data whose classes or bands are not those that the model was trained on."""
    for key in ("classes", "bands"):
        mine, theirs = list(head[key]), list(getattr(data, key))
        if mine != theirs:
            raise ZooError(f"the run knows the {key} {', '.join(mine)}; data {data.name!r} has {', '.join(theirs)}")
