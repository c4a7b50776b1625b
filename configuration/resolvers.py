"""What Hydra is told before it composes: the registered models and recipes as options, and what follows from a choice."""

from collections.abc import Sequence

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf

import zoo
from configuration.groups import ROOT
from configuration.search_path import AddedFolders
from zoo.registry.card_roots import recipe_files
from zoo.registry.models import TIMM
from zoo.registry.tasks import BACKBONE, tasks

#: Options of models that follow what else the run chooses, unless they are set.
FOLLOWING = {
    "geometry": "task.geometry",
    "output": "task.objective",
    "horizon": "data.horizon",
    "season": "data.season",
    "side": "data.crop",
}


def register(words: Sequence[str] = ()) -> None:
    """Tell Hydra where the recipes lie; make every registered model, and the usual one of a task, an option of `model`.

    A network of timm is an option where one of the `words` names it: there are too many to list.
    """
    OmegaConf.register_new_resolver("root", lambda: str(ROOT), replace=True)
    OmegaConf.register_new_resolver("if_pretrained", if_pretrained, replace=True)
    OmegaConf.register_new_resolver("unless_scaled", unless_scaled, replace=True)
    OmegaConf.register_new_resolver("unless_timed", unless_timed, replace=True)
    OmegaConf.register_new_resolver("unless_planned", unless_planned, replace=True)
    OmegaConf.register_new_resolver("learning_rate", learning_rate, replace=True)
    Plugins.instance().register(AddedFolders)
    store = ConfigStore.instance()
    for name, card in zoo.cards().items():
        if card.task != BACKBONE:
            tuned = {
                key: f"${{if_pretrained:{value},{card.options[key]}}}" for key, value in card.pretrained_options.items()
            }
            begun = bool(card.weights) or "backbone" in card.options  # others have no weights to begin with
            follow = {k: f"${{oc.select:{FOLLOWING[k]},{v}}}" for k, v in card.options.items() if k in FOLLOWING}
            node = {"name": name, "pretrained": begun, **card.options, **tuned, **follow}
            store.store(group="model", name=name, node=node)
    for name in (word.removeprefix("model=") for word in words if word.startswith(f"model={TIMM}")):
        group, _, own = name.partition("/")
        entry = zoo.card(name)
        node = {"name": name, "pretrained": bool(entry.weights), **entry.options}
        store.store(group=f"model/{group}", name=own, node=node, package="model")
    for record in tasks().values():
        store.store(group="model", name=record.name, node={"defaults": [record.model]})
    for name, path in recipe_files().items():
        if path.parent != ROOT / "recipes":  # ours are files of the search path
            store.store(group="recipes", name=name, node=OmegaConf.load(path), package="_global_")


def if_pretrained(yes: object, no: object, _parent_: DictConfig) -> object:
    """Return the option of a model that begins with weights, or that of one that begins without."""
    return yes if _parent_.pretrained else no


def unless_scaled(usual: object, scaled_to: object, _root_: DictConfig) -> object:
    """Return what is usual of evaluation; the other where the model scales what it sees to one size, or sees by shares of it.

    Otherwise objects would have another size in the test than in training.
    """
    card = zoo.cards().get(_root_.model.name)
    scaled = card is not None and card.designed_for.scaled and _root_.model.get("resize") is not False
    return scaled_to if scaled or "side" in _root_.model else usual


def unless_timed(usual: int, _root_: DictConfig) -> int | None:
    """Return the usual number of epochs, or none where the run has a time budget, from which they are planned."""
    return usual if _root_.trainer.minutes is None else None


def unless_planned(usual: int, _root_: DictConfig) -> int | None:
    """Return the usual epochs from validation to validation, or none where the epochs themselves are still to be planned."""
    return usual if _root_.trainer.max_epochs is not None else None


def learning_rate(usual: float, _root_: DictConfig) -> float:
    """Return the learning rate that the model's card asks for, or the usual one where it asks for none."""
    card = zoo.cards().get(_root_.model.name)
    return usual if card is None or card.learning_rate is None else card.learning_rate
