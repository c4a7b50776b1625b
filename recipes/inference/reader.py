"""The reader of new sequences: the data module that a model was trained with, which reads other files as its own."""

from importlib import import_module
from typing import Any

from recipes.module import DataModule
from zoo.errors import ZooError
from zoo.inference.opened import Opened
from zoo.registry.card_roots import card_roots, own_root

#: What reads the input of weights that were not trained here, by their bands: a data module, and what it must be told.
READERS: dict[tuple[str, ...], dict[str, Any]] = {
    ("waveform",): {"_target_": "recipes.speech.own.Own", "name": "recordings", "root": ".", "augment": None}
}


def reader_of(opened: Opened) -> DataModule | None:
    """Return the data module of an opened model, ready to read new files; None where nothing reads files for it.

    Nothing but the module is built, by its name among ours and those of ZOO_PATH; samples are not changed.
    """
    settings = dict(opened.data) if "_target_" in opened.data else READERS.get(opened.bands, {}) | dict(opened.data)
    if "_target_" not in settings:
        return None
    if "augment" in settings:
        settings["augment"] = None  # the user's recordings of noise may be gone
    module = module_named(settings.pop("_target_"))(**settings)
    module.restore(opened.fitted)
    return module


def module_named(target: str) -> type[DataModule]:
    """Return the data module that a configuration names as package.module.Class, of ours or of a folder in ZOO_PATH."""
    name, _, kind = target.rpartition(".")
    for root in card_roots():
        if root == own_root():
            found = getattr(import_module(name), kind, None) if name.startswith("recipes.") else None
        else:
            found = (
                root.load(f"{name}:{kind}")
                if (root.folder / name.replace(".", "/")).with_suffix(".py").exists()
                else None
            )
        if isinstance(found, type) and issubclass(found, DataModule):
            return found
    raise ZooError(f"data._target_={target!r} is no data module of this installation, and is not imported")
