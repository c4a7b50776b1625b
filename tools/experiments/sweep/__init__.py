"""Sweeps: many trainings, each with settings that the last ones suggest, of which hopeless ones are cut short."""

from importlib.util import find_spec

from zoo.errors import ZooError

if find_spec("optuna") is None:
    raise ZooError("optuna is not installed, which zoo sweep needs: pip install 'task-zoo[sweep]'")
