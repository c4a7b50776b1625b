"""Building registered models by name, with the weights that their cards list."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError, near
from zoo.registry.cards import Card
from zoo.registry.models import builder, card, load
from zoo.registry.option_limits import check_modest

if TYPE_CHECKING:
    from torch import nn

    from zoo.profile import Profile

#: The key in the head of weights for the widths of a pruned network, see `zoo.compression.widths`.
WIDTHS = "widths"


def create(
    name: str,
    *,
    classes: int,
    bands: Sequence[str] = ("red", "green", "blue"),
    pretrained: bool | str = False,
    **options: Any,
) -> "nn.Module":
    """Build the model `name` for `classes` classes and the named `bands`.

    `pretrained=True` loads the first weights that the card lists (a string names a tag) or, where the model has none for
    its backbone, the backbone's. `options` are those that the card lists; others are refused. What was loaded, and from
    where, is in the model's attribute `provenance`.
    """
    from zoo.weights.pretrained import load_pretrained  # torch is imported here and not before

    entry = card(name)
    unknown = sorted(set(options) - set(entry.options))
    if unknown:
        names = ", ".join(entry.options) or "none"
        raise ZooError(f"model {name!r} has no option {unknown[0]!r}{near(unknown[0], entry.options)}; it has {names}")
    settings = {**entry.options, **options}
    provenance: Any = ()
    tag = pretrained if isinstance(pretrained, str) else None
    whole = entry.begins_whole(tag, settings)
    named = isinstance(settings.get("backbone"), str)
    if named:
        known = not whole and bool(card(settings["backbone"], "backbone").weights)  # some begin at random, as PVANET's
        backbone = create(settings["backbone"], classes=0, bands=bands, pretrained=pretrained if known else False)
        settings["backbone"], provenance = backbone, backbone.provenance
    model: Any = builder(entry)(classes=classes, bands=len(bands), **settings)
    if pretrained and (whole or not named):
        provenance += (load_pretrained(model, entry, bands, tag),)
    model.provenance = provenance
    return model


def rebuild(head: Mapping[str, Any], **changed: Any) -> "nn.Module":
    """Build the model that the head of weights names, with its options, classes and bands; options may be `changed`.

    One that was pruned has the widths that stand in its head.
    """
    from zoo.compression.widths import narrow

    options: dict[str, Any] = {
        key: tuple(one) if isinstance(one, list) else one for key, one in head["options"].items()
    }
    model = create(head["model"], classes=len(head["classes"]), bands=head["bands"], **{**options, **changed})
    narrow(model, head.get(WIDTHS, {}))
    return model


def fit_options(entry: Card, options: Mapping[str, Any], profile: "Profile") -> dict[str, Any]:
    """Return the options of a model, with those that follow the data set by a profile; see `Card.data_driven_options`.

    What is as far from the card as no run may be that is opened again is refused.
    """
    check_modest(entry, options, "model.")
    settings = {**entry.options, **options}
    driven = entry.data_driven_options
    fitting = {name: load(entry, target)(settings[name], settings, profile) for name, target in driven.items()}
    return {name: fitting.get(name, value) for name, value in options.items()}
