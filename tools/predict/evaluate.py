"""`zoo evaluate RUN`: the numbers of the test at the end of training, again, or on other data."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from zoo import quantities
from zoo.errors import ZooError, clean
from zoo.files import json_text
from zoo.runs.run import Run

if TYPE_CHECKING:
    from recipes.kit.module import DataModule
    from tasks.base import Task
    from zoo.inference.opened import Opened


def command(
    run: Annotated[
        str, typer.Argument(help="a run: its folder, or the end of its name; an export; a model with whole weights")
    ],
    overrides: Annotated[list[str] | None, typer.Argument(help="other data or settings, as for train.py")] = None,
    backend: Annotated[
        str | None, typer.Option(help="what computes: auto, openvino or onnxruntime; default: torch, which trained")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the metrics as JSON")] = False,
) -> None:
    """Test a run's weights: the same numbers as at the end of its training.

    Of objects those are tested whose classes the data have, by their names.

    Examples: `zoo evaluate runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00`, on your own images
    `zoo evaluate RUN data=folder data.root=my_images`, or published weights as they are `zoo evaluate nanodet_g data=folder
    data.root=my_images`.
    """
    from zoo.inference.backends import answering
    from zoo.inference.load import opened_as

    opened = opened_as(run)
    own = "torch" if opened.runtime == "PyTorch" else "auto"
    opened = answering(opened, backend or own)
    metrics = tested_as(opened, overrides or [])[2]
    if json_:
        print(json_text(metrics))
        return
    table = Table(box=None)
    table.add_column("metric")
    table.add_column("value", justify="right")
    for name, value in sorted(metrics.items()):
        table.add_row(escape(clean(name)), quantities.metric(value))
    Console().print(table)


def evaluate(run: Run, overrides: list[str]) -> dict[str, float]:
    """Return the test metrics of a run's weights on its own data, or as `overrides` change it."""
    return tested(run, overrides)[2]


def tested(run: Run, overrides: list[str]) -> tuple["Task", "DataModule", dict[str, float]]:
    """Test a run's weights on its own data, or as `overrides` change it; return the task, the data and the metrics."""
    from zoo.inference.opened import of_run

    return tested_as(of_run(run), overrides)


def tested_as(opened: "Opened", overrides: list[str]) -> tuple["Task", "DataModule", dict[str, float]]:
    """Test what was opened on the data of its run, or as `overrides` change it; return the task, the data and the metrics."""
    import torch

    from configuration.composition import to_dict
    from configuration.instantiation import task_answered_by
    from tasks.trainer import make_trainer
    from zoo.inference.load import predictor_of
    from zoo.inference.opened import reconfigured

    cfg = configured(opened, overrides)
    opened = reconfigured(opened, to_dict(cfg))
    data, predictor = data_to_test(opened, cfg), predictor_of(opened)
    task = task_answered_by(cfg, predictor, data.classes)
    task.restore(opened.learnt)
    with torch.random.fork_rng(devices=[]):
        metrics = make_trainer(predictor.engine.hardware).test(task, datamodule=data, verbose=False)[0]
    return task, data, {name: float(value) for name, value in metrics.items()}


def configured(opened: "Opened", overrides: list[str]) -> Any:
    """Return the configuration in which a model is tested: that of its run, changed, or one for weights that have no run."""
    from configuration.composition import compose_for, recompose

    if opened.config:
        return recompose(dict(opened.config), overrides)
    if not any(word.startswith(("data=", "recipes=")) for word in overrides):
        raise ZooError(f"{opened.source} has no data of its own to be tested on; say which, as data=folder data.root=…")
    return compose_for(opened.model, opened.task, opened.data, overrides)


def data_to_test(opened: "Opened", cfg: Any) -> Any:
    """Return the test data of a configuration, read as the model's own; data of other bands are refused."""
    from configuration.instantiation import data_of

    data = data_of(cfg)
    data.restore(opened.fitted)
    data.prepare_data()
    data.setup("test")
    mine, theirs = list(opened.bands), list(data.bands)
    if mine != theirs:
        raise ZooError(f"the run knows the bands {', '.join(mine)}; data {data.name!r} has {', '.join(theirs)}")
    return data
