"""A case: what is held together in a fit check, and the words for what it finds."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zoo.profile import Profile, Quantiles
from zoo.registry.cards import Card, Weights
from zoo.registry.models import card

Verdict = Literal["fits", "adapted", "mismatch", "note"]


#: The longer side of a whole picture, pixels, that a network of any size is shown: at least and at most.
WHOLE = (320, 640)


@dataclass(frozen=True, slots=True)
class Row:
    """One aspect: what the model was designed for, what the data is, how that goes together, and what is done about it.

    `adapted`: something in the composed run takes care of it, `action` says what. `mismatch`: nothing does, `action`
    says which override would. `note`: nothing to be done, but to be known. `free`: the override costs nothing, so that a run
    takes it unless told otherwise.
    """

    aspect: str
    designed_for: str
    data: str
    verdict: Verdict
    action: str = ""
    free: bool = False


@dataclass(frozen=True)
class Case:
    """A card, the profile of the data, and the composed run as plain nested mappings."""

    card: Card
    profile: Profile
    run: Mapping[str, Any]

    def setting(self, *keys: str) -> Any:
        """Return the value of the first of these dotted keys that the run sets, or None."""
        for key in keys:
            value: Any = self.run
            for part in key.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is not None:
                return value
        return None

    @property
    def scaled(self) -> bool:
        """Whether the model scales every image to its size; `model.resize=false` makes it see images as they are."""
        return self.card.designed_for.scaled and self.setting("model.resize") is not False

    def key(self, *keys: str) -> str | None:
        """Return the first of these dotted keys that the run knows, even if it is null there."""
        for key in keys:
            group, _, name = key.rpartition(".")
            within = self.setting(group) if group else self.run
            if isinstance(within, Mapping) and name in within:
                return key
        return None

    @property
    def options(self) -> Mapping[str, Any]:
        """The options of the model: the card's defaults, changed by the run."""
        chosen = self.setting("model")
        return {**self.card.options, **(chosen if isinstance(chosen, Mapping) else {})}

    def option(self, name: str, value: Any, otherwise: str) -> str:
        """Return the override that sets an option of the model, or `otherwise` where the model has no such option."""
        return f"model.{name}={compact(value)}" if name in self.card.options else otherwise

    @property
    def tile(self) -> int | None:
        """Side of the tiles that the network sees, pixels; None when it sees whole images."""
        chosen = self.setting("tiling.size", "data.tile")
        return chosen if isinstance(chosen, int) else self.profile.tile  # else it was left to the data

    @property
    def overlap(self) -> int:
        """Overlap of the tiles, pixels."""
        return self.setting("tiling.overlap", "data.overlap") or 0

    def tile_of(self, side: float) -> str:
        """Return the overrides that ask for tiles of about `side` pixels, a multiple of 32 as networks like it.

        It is no larger than the largest scene asks for. A tile that is no larger than the overlap comes with another
        overlap. Where tiles must be as large as crops, both are.
        """
        key = "data.crop" if self.setting("model.side") else self.key("tiling.size", "data.tile") or "data.tile"
        largest = math.ceil(self.view(None) / 32) * 32 if self.profile.scenes else math.inf
        tile = max(32, min(round(side / 32) * 32, largest))
        overlap = self.key("tiling.overlap", "data.overlap")
        return f"{key}={tile}" + (f" {overlap}={tile // 4}" if overlap and self.overlap >= tile else "")

    def resized(self) -> str:
        """Return the override that shows photographs whole, as large as the model was made for; "" where none does."""
        if not self.profile.photographs or self.key("data.resize") is None or self.setting("data.resize") is not None:
            return ""
        made_for = max(self.card.designed_for.size or (WHOLE[0],))
        return f"data.resize={made_for if self.scaled else min(max(made_for, WHOLE[0]), WHOLE[1])}"

    @property
    def seen(self) -> float:
        """Longer side of what the network is given, pixels of the data."""
        return self.view(self.tile)

    def view(self, tile: int | None) -> float:
        """Return the longer side of what is seen in such tiles: the tile's, or the largest scene's if that is less."""
        largest = max((max(scene) for scene in self.profile.scenes), default=tile or self.profile.tile or 1)
        return min(largest, tile or largest)

    @property
    def scale(self) -> float:
        """Pixels of the network for one pixel of the data: not 1 where the model scales what it is given."""
        size = self.card.designed_for.size
        return max(size) / self.seen if self.scaled and size else 1.0

    @property
    def pretrained(self) -> bool | str:
        """Whether the run asks for pretrained weights; a word names their tag."""
        return self.setting("model.pretrained", "pretrained") or False

    @property
    def backbone(self) -> Card | None:
        """The card of the backbone that the model stands on, if it is handed one."""
        name = self.options.get("backbone")
        return card(name) if isinstance(name, str) else None

    @property
    def start(self) -> Weights | None:
        """The weights that the run starts from: the model's own, else its backbone's."""
        if not self.pretrained:
            return None
        tag = self.pretrained if isinstance(self.pretrained, str) else None
        if self.card.weights:
            return self.card.weights_named(tag)
        return self.backbone.weights[0] if self.backbone and self.backbone.weights else None


def compact(value: Any) -> str:
    """Write a value as an override does, lists without spaces."""
    return f"[{','.join(map(str, value))}]" if isinstance(value, (list, tuple)) else str(value)


def listing(names: Iterable[str], most: int = 4) -> str:
    """Join names; when there are many, the first, the last and how many."""
    every = list(names)
    return ", ".join(every) if len(every) <= most else f"{len(every)} ({every[0]} … {every[-1]})"


def number(value: float) -> str:
    """Write a number for people: no more digits than matter."""
    if value and abs(value) < 10:
        return f"{value:.2g}"
    return f"{value:,.0f}"


def interval(low: float, high: float, unit: str = "") -> str:
    """Write a range, or one number when its ends are the same."""
    said = number(low) if math.isclose(low, high) else f"{number(low)} to {number(high)}"
    return f"{said} {unit}".strip()


def spread(values: Quantiles, unit: str = "") -> str:
    """Write a distribution: where nine tenths of it lie, and its median."""
    if math.isclose(values.low, values.high):
        return interval(values.low, values.low, unit)
    return f"{interval(values.low, values.high, unit)}, median {number(values.median)}"


def percent(share: float) -> str:
    """Write a share for people."""
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.01 else "under 1 %"
