"""A site: a square of ground on which a district is laid out, in metres from its middle."""

from dataclasses import dataclass

import numpy as np

from recipes.scenes.catalogue import FAMILIES, NAMES, Catalogue, Variant
from recipes.scenes.things import Content, Frame, Patch, Thing, Tree

#: What does not fit is drawn again, so many times.
DRAWS = 5


@dataclass(frozen=True)
class Site:
    """Ground that reaches `half` metres from its middle along u and v; what is put on it goes into `content`."""

    frame: Frame
    half: float
    metre: float  # pixels
    random: np.random.Generator
    catalogue: Catalogue
    content: Content

    def at(self, u: float, v: float, turn: float = 0.0) -> Frame:
        """Return the frame at (u, v) metres, turned by `turn` degrees against the site."""
        return Frame(*self.frame.at(u * self.metre, v * self.metre), self.frame.angle + turn)

    def put(
        self, family: int, u: float, v: float, turn: float = 0.0, room: tuple[float, float] = (99, 99)
    ) -> Thing | None:
        """Put an object of a family at (u, v) metres that fits into `room`, metres along and across its heading.

        None, and nothing is put, when the family is left out of the catalogue or what is drawn does not fit.
        """
        fitting = (self.fitting(family, room) for _ in range(DRAWS))
        variant = next((variant for variant in fitting if variant is not None), None)
        if variant is None:
            return None
        kind = FAMILIES[NAMES[family]][variant.type]
        longest = min(kind.longest, room[0], room[1] / kind.ratio)
        length = self.random.uniform(kind.shortest, longest)
        scale = self.metre
        thing = Thing(
            self.at(u, v, turn),
            length * scale,
            length * kind.ratio * scale,
            kind.height * self.random.uniform(0.85, 1.15) * scale,
            family,
            variant,
            self.catalogue.label(family, variant),
            int(self.random.integers(2**31)),
        )
        self.content.things.append(thing)
        return thing

    def fitting(self, family: int, room: tuple[float, float]) -> Variant | None:
        """Draw an object of a family; None when it does not fit, or the family is left out."""
        variant = self.catalogue.draw(family, self.random)
        if variant is None:
            return None
        kind = FAMILIES[NAMES[family]][variant.type]
        return variant if kind.shortest <= min(room[0], room[1] / kind.ratio) else None

    def lay(self, material: str, at: tuple[float, float], size: tuple[float, float], **pattern: float | str) -> None:
        """Lay a patch of `size` metres (along u, along v) around a place; `pitch` is in metres."""
        pitch = float(pattern.get("pitch", 0)) * self.metre
        length, width = (side * self.metre for side in size)
        kind = str(pattern.get("pattern", "plain"))
        turn = float(pattern.get("turn", 0))
        self.content.patches.append(Patch(self.at(*at, turn), length, width, material, kind, pitch))

    def plant(self, u: float, v: float, radius: float) -> None:
        """Plant a tree of `radius` metres."""
        x, y = self.frame.at(u * self.metre, v * self.metre)
        self.content.trees.append(Tree(x, y, radius * self.metre))

    def chance(self, share: float) -> bool:
        """Say yes with this probability."""
        return bool(self.random.random() < share)

    def among(self, least: float, most: float) -> float:
        """Draw a number between two."""
        return float(self.random.uniform(least, most))
