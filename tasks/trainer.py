"""Lightning's trainer as this zoo uses it: on the CPU as zoo.hardware chose it, with whole checkpoints and a quiet terminal."""

import logging
import warnings
from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from tasks.callbacks.checkpoint_file import CheckpointFile
from zoo.hardware import Hardware

USUAL_WARNING = warnings.formatwarning
#: The keys of the group `trainer` that are chosen by zoo.hardware; the others are Lightning's.
HARDWARE = ("threads", "workers", "precision", "channels_last")


def make_trainer(
    hardware: Hardware, logger: Logger | bool = False, callbacks: Sequence[pl.Callback] = (), **settings: Any
) -> pl.Trainer:
    """Return Lightning's trainer for this machine; `settings` are its own arguments."""
    quiet()
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        precision=hardware.precision,  # type: ignore[arg-type]  # zoo.hardware lets two of Lightning's words through
        logger=logger,
        callbacks=list(callbacks),
        plugins=[CheckpointFile()],
        enable_checkpointing=False,  # tasks.callbacks.checkpoint writes whole files or none
        enable_progress_bar=False,  # tasks.callbacks.progress shows it
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **settings,
    )


def quiet() -> None:
    """Leave the terminal to what a user wants to read: Lightning's chatter goes, its warnings stay."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for pattern in (
        r".*isinstance\(treespec, LeafSpec\).*",  # torch's own deprecation: https://github.com/Lightning-AI/pytorch-lightning/issues/21347
        r".*does not have many workers.*",  # zoo.hardware chose their number
        r".*smaller than the logging interval.*",  # an epoch of few steps is what little data gives
        r".*module\(s\) in eval mode at the start of training.*",  # frozen layers, as the model's card says
    ):
        warnings.filterwarnings("ignore", pattern)
    warnings.formatwarning = format_warning


def format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Return a warning to users as they read it; others, to developers, with the line of code that gave them, as usual."""
    if category is UserWarning:
        return f"warning   {message}\n"
    return USUAL_WARNING(message, category, filename, lineno, line)
