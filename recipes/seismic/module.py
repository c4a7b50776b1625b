"""`data=seismic`: generated sections with their faults and salt as masks."""

from collections.abc import Callable
from functools import partial
from typing import Any

from recipes.imagery.generated import GeneratedScenes, kept
from recipes.imagery.scene import Split
from recipes.seismic.section import CLASSES, VALUE_RANGE, VERSION, SectionSettings, draw

NOTE = (
    "generated sections, of no real place: they measure what a model can learn in principle, not how it does on a real "
    "survey"
)


class Sections(GeneratedScenes):
    """Faults, three pixels wide, and salt on sections of amplitudes; each section has a seed of its own.

    `settings` are those of `Counts`, `SectionSettings` and `Loading`.
    """

    def __init__(self, name: str, augment: Callable[[dict[str, Any]], dict[str, Any]], **settings: Any) -> None:
        super().__init__(name, augment, SectionSettings, {"value_range": VALUE_RANGE, **settings})

    def split_of(self, seeds: dict[str, list[int]]) -> Split:
        """Return the sections of these seeds."""
        scenes = {
            split: [
                kept("seismic", VERSION, self.making, seed, partial(draw, self.making, seed), ("amplitude",))
                for seed in those
            ]
            for split, those in seeds.items()
        }
        marked = (
            f"a fault is marked {self.making.fault_width:g} pixels wide where it moves the layers by 5 pixels or more; "
            "amplitudes are in standard deviations of the section"
        )
        return Split(scenes, CLASSES, ("amplitude",), (NOTE, marked), "CC0-1.0")
