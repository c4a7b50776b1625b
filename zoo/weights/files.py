"""The weight files of registered models: which ones a model needs, and how one of them gets here. No torch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError, near
from zoo.registry.cards import Card, File, Weights
from zoo.registry.models import TIMM, card

if TYPE_CHECKING:
    from zoo.sources import Fetched
    from zoo.sources.progress import Report


def needed(name: str, tag: str | None = None, options: Mapping[str, Any] | None = None) -> list[tuple[Card, Weights]]:
    """Return what `zoo.create(name, pretrained=tag or True, **options)` loads: its own weights, or its backbone's.

    Raises ZooError when there is nothing to load.
    """
    entry = card(name)
    settings = {**entry.options, **(options or {})}
    backbone = settings.get("backbone")
    if isinstance(backbone, str) and not entry.begins_whole(tag, settings):
        return needed(backbone, tag)
    return [(entry, entry.weights_named(tag))]


def named(text: str) -> tuple[str, str | None]:
    """Split NAME.TAG into the name of a registered model and the tag of weights, which may be missing."""
    from zoo.registry.card_roots import card_files

    known = card_files()
    if text in known or text.startswith(TIMM):
        return text, None
    name, dot, tag = text.rpartition(".")
    if dot and name in known:
        return name, tag
    raise ZooError(f"no model {text!r}{near(text, known)}; `zoo list` lists them, with weights as NAME or NAME.TAG")


def fetch_weights(weights: Weights, report: "Report | None" = None) -> tuple["Fetched", File]:
    """Fetch the first of the card's files that can be had; what is on this machine comes before what is not."""
    from zoo.sources import Source, fetch

    places = [
        Source(file.uri, file.sha256, file.bytes, tuple(Source(p.uri, p.sha256, p.bytes) for p in file.parts))
        for file in weights.sources
    ]
    found = fetch(places, report=report)
    return found, next(file for file in weights.sources if file.uri == found.uri)
