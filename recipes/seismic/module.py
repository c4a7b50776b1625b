"""`data=seismic`: generated sections with their faults and salt as masks."""

from functools import partial
from typing import ClassVar

from recipes.imagery.generated import Counts, GeneratedScenes, kept
from recipes.imagery.module import SceneLoading
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from recipes.seismic.section import CLASSES, VALUE_RANGE, VERSION, SectionSettings, draw

NOTE = (
    "generated sections, of no real place: they measure what a model can learn in principle, not how it does on a real "
    "survey"
)


class Sections(GeneratedScenes):
    """Faults, three pixels wide, and salt on sections of amplitudes; each section has a seed of its own."""

    records: ClassVar[tuple[type, ...]] = (SceneLoading, Counts, SectionSettings)
    drawn_range = VALUE_RANGE

    def split_of(self, seeds: dict[str, list[int]]) -> Split[Scene]:
        """Return the sections of these seeds."""
        scenes = {
            split: [
                kept("seismic", VERSION, self.drawing, seed, partial(draw, self.drawing, seed), ("amplitude",))
                for seed in those
            ]
            for split, those in seeds.items()
        }
        marked = (
            f"a fault is marked {self.drawing.fault_width:g} pixels wide where it moves the layers by 5 pixels or more; "
            "amplitudes are in standard deviations of the section"
        )
        return Split(scenes, CLASSES, ("amplitude",), (NOTE, marked), "CC0-1.0")
