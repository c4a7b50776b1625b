"""The data module and the task of a version, as its run has them, without the data that it was trained with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recipes.kit.module import DataModule
from zoo.inference.opened import Opened

if TYPE_CHECKING:
    from tasks.base import Task


def data_of_opened(opened: Opened, *words: str) -> DataModule[Any]:
    """Build the data module of a run, by its settings changed by words; nothing is read yet."""
    from configuration.composition import recompose
    from configuration.instantiation import data_of

    data = data_of(recompose(dict(opened.config), list(words)))
    data.restore(opened.fitted)
    return data


def single_data(opened: Opened) -> DataModule[Any]:
    """Build the data module of a run for batches of one sample, as the bootstrap wants them."""
    return data_of_opened(opened, "data.batch_size=1", "trainer.workers=0")


def task_of_opened(opened: Opened, classes: Sequence[str]) -> "Task":
    """Return the task of an opened model around it; of its `classes` the model may know only the first."""
    from configuration.composition import recompose
    from configuration.instantiation import task_of

    task = task_of(recompose(dict(opened.config), []), opened.build(), classes, False)
    task.restore(opened.learnt)
    return task
