"""The data module and the task of a version, as its run has them, without the data that it was trained with."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.inference.opened import Opened

if TYPE_CHECKING:
    from recipes.kit.module import DataModule
    from tasks.base import Task


def data_of_opened(opened: Opened, *words: str) -> "DataModule[Any]":
    """Build the data module of a run, by its settings changed by words; nothing is read yet."""
    from configuration.composition import recompose
    from configuration.instantiation import data_of

    data = data_of(recompose(dict(opened.config), list(words)))
    data.restore(opened.fitted)
    return data


def single_data(opened: Opened) -> "DataModule[Any]":
    """Build the data module of a run for batches of one sample, as the bootstrap wants them."""
    return data_of_opened(opened, "data.batch_size=1", "trainer.workers=0")


def image_pixels(opened: Opened, path: Path) -> np.ndarray:
    """Return all pixels (C, H, W) of an image in the bands of a model, in the numbers that the file has."""
    from recipes.inference.source import source_of

    source = source_of(path, opened.bands, opened.data, opened.profile)
    return source.read((0, 0, source.scene.width, source.scene.height))


def task_of_opened(opened: Opened, classes: Sequence[str]) -> "Task":
    """Return the task of an opened model around it; of its `classes` the model may know only the first."""
    from configuration.composition import recompose
    from configuration.instantiation import task_of

    task = task_of(recompose(dict(opened.config), []), opened.build(), classes, False)
    task.restore(opened.learnt)
    return task
