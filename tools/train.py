"""`zoo train`: the program of train.py, installed."""

import typer

from configuration.training import main

#: What Python is called with for it, by tools that train in a process of its own.
PROGRAM = ("-m", "tools.cli", "train")


def command(context: typer.Context) -> None:
    """Train a model for a task on data; the words are those of `python train.py`.

    Example: `zoo train task=detection data=satellite`
    """
    raise typer.Exit(main(context.args, "zoo train"))
