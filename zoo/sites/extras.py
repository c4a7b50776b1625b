"""The libraries that only production needs, by name; one that is missing is one sentence with the command that brings it."""

from importlib import import_module
from typing import Any

from zoo.errors import ZooError


def extra(module: str) -> Any:
    """Import a module of the extra `serve`."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ZooError(f"{error.name} is not installed, which sites need: pip install 'task-zoo[serve]'") from error
