"""What data, task and model must agree about: the objective of sequences, the geometry of boxes. Before anything is made."""

from collections.abc import Mapping
from typing import Any

import zoo
from zoo.errors import ZooError, near
from zoo.registry.cards import Card


def resolve_geometry(config: dict[str, Any], data: Any) -> dict[str, Any]:
    """Return a configuration with what it leaves to the data, once they are set up: the geometry of boxes."""
    if config["task"].get("geometry") != "auto":
        return config
    settled = {"geometry": data.geometry}
    model = {**config["model"], **(settled if config["model"].get("geometry") == "auto" else {})}
    return {**config, "task": {**config["task"], **settled}, "model": model}


def resolve_settings(config: dict[str, Any], data: Any) -> dict[str, Any]:
    """Return a configuration with the geometry of boxes and the settings of the data that it leaves to them."""
    settled = {**config, "data": {**config["data"], **data.settings_from_data()}}
    if settled.get("model", {}).get("side", 0) is None:  # it follows the crops, which were left to the data
        settled["model"] = {**settled["model"], "side": settled["data"]["crop"]}
    return resolve_geometry(settled, data)


def refuse_other_geometry(card: Card, config: Mapping[str, Any]) -> None:
    """Refuse a detector whose boxes are of another kind than the task's."""
    asked = config["task"].get("geometry")
    finds = config["model"].get("geometry", card.designed_for.geometry)
    if asked not in (None, finds):
        ways = ", or model.geometry=auto" if "geometry" in card.options else ", or a model that finds those"
        raise ZooError(
            f"model {card.name} finds boxes of geometry={finds}, and the run is about {asked}; say data.geometry={finds}"
            f" where the data can be read so{ways}: `zoo search {asked}`"
        )


def refuse_other_objective(config: Mapping[str, Any]) -> None:
    """Refuse an objective that the data do not serve, or that the model has no answer to."""
    asked, served = config["task"].get("objective"), config["data"].get("objectives", ())
    if asked is None:
        return
    name, model = config["data"]["name"], config["model"]["name"]
    able = zoo.card(model).objectives
    if served and asked not in served:
        raise ZooError(f"data={name} serves task.objective={' or '.join(served)}, and not {asked}{near(asked, served)}")
    if able and asked not in able:
        others = [other for other, card in zoo.cards().items() if asked in card.objectives]
        raise ZooError(
            f"model={model} cannot {asked}: its card lists {', '.join(able)};"
            f" say model={' or '.join(others) or '… of another kind'}"
        )
