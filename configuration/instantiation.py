"""From a composed configuration to what it names: the data module, the task, its callbacks and logger."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import hydra
from hydra.errors import InstantiationException
from omegaconf import DictConfig

from configuration.check import check_data, refuse
from configuration.composition import to_dict
from zoo.errors import ZooError
from zoo.registry import tasks
from zoo.registry.card_roots import add_to_import_path

if TYPE_CHECKING:
    from recipes.kit.module import DataModule
    from tasks.base import Task
    from zoo.inference.predictor import Predictor


def build(config: Any, **handed: Any) -> Any:
    """Build what a configuration names as `_target_`; a refusal is told in its own words, not in Hydra's."""
    add_to_import_path()
    try:
        return hydra.utils.instantiate(config, **handed)
    except InstantiationException as error:
        raise error.__cause__ if isinstance(error.__cause__, ZooError) else error from None


def data_of(cfg: DictConfig) -> "DataModule":
    """Build the data module of a configuration; what it does not take is refused."""
    add_to_import_path()
    refuse(list(check_data(to_dict(cfg.data))))
    return build(cfg.data)


def model_of(cfg: DictConfig, data: "DataModule", pretrained: bool | str = False) -> Any:
    """Build the model of a configuration for the classes and bands of data; its weights are random unless `pretrained`."""
    import zoo

    options = {key: value for key, value in to_dict(cfg.model).items() if key not in ("name", "pretrained")}
    return zoo.create(cfg.model.name, classes=len(data.classes), bands=data.bands, pretrained=pretrained, **options)


def task_of(cfg: DictConfig, model: Any, classes: Sequence[str], channels_last: bool) -> "Task":
    """Build the task of a configuration, as its record says, around a model, which lies in memory channels-last or not."""
    settings = {key: value for key, value in cfg.task.items() if key != "name"}
    return build(
        {"_target_": tasks.task(cfg.task.name).load("module"), **settings},
        model=model,
        classes=list(classes),
        optimizer=build(cfg.optimizer),
        scheduler=build(cfg.scheduler),
        channels_last=channels_last,
        _recursive_=False,
    )


def task_answered_by(cfg: DictConfig, predictor: "Predictor[Any]", classes: Sequence[str]) -> "Task":
    """Build the task of a configuration for data of these classes, where a predictor answers."""
    engine = predictor.engine
    task = task_of(cfg, engine.model, classes, engine.hardware.channels_last)
    task.answered_by(predictor)
    return task
