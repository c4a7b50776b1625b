"""The reader of new sequences: the data module that a model was trained with, which reads other files as its own."""

from importlib import import_module
from typing import Any

from recipes.kit.module import DataModule
from zoo.errors import ZooError
from zoo.inference.opened import Opened
from zoo.registry.card_roots import add_to_import_path
from zoo.runs.inspection import refuse_foreign_names

#: What reads the input of weights that were not trained here, by their bands: a data module, and what it must be told.
READERS: dict[tuple[str, ...], dict[str, Any]] = {
    ("waveform",): {"_target_": "recipes.speech.user_recordings.UserRecordings", "name": "recordings", "root": "."}
}


def reader_of(opened: Opened) -> DataModule | None:
    """Return the data module of an opened model, ready to read new files; None where nothing reads files for it.

    It is one that a configuration of ours or of ZOO_PATH names, and nothing but it is built; samples are not changed.
    """
    settings = dict(opened.data) if "_target_" in opened.data else READERS.get(opened.bands, {}) | dict(opened.data)
    if "_target_" not in settings:
        return None
    if "augment" in settings:
        settings["augment"] = None  # the user's recordings of noise may be gone
    refuse_foreign_names({"data": settings}, opened.source)
    add_to_import_path()
    name, _, kind = (target := settings.pop("_target_")).rpartition(".")
    found = getattr(import_module(name), kind)
    if not issubclass(found, DataModule):
        raise ZooError(f"{opened.source}: data._target_ names {target!r}, which is no data module")
    module: DataModule = found(**settings)
    module.restore(opened.fitted)
    return module
