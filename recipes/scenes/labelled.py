"""`data=scenes` of classification and pose: land use by plot, and aircraft with keypoints."""

from typing import Any, ClassVar

import numpy as np

from recipes.imagery.scene import Scene
from recipes.keypoints.instance import Instance
from recipes.keypoints.module import KeypointImages, KeypointLoading
from recipes.kit.module import Change
from recipes.kit.split import Split
from recipes.labelled.module import LabelledImages, LabelledLoading
from recipes.scenes.aircraft import EDGES, KEYPOINTS, TORSO
from recipes.scenes.catalogue import AIRCRAFT
from recipes.scenes.individuals import aircraft_of
from recipes.scenes.module import LICENCE, NOTE, Making, made, named
from recipes.scenes.render import Renderer
from recipes.scenes.settings import VALUE_RANGE, SceneSettings
from recipes.scenes.uses import USES, squares
from zoo.errors import ZooError
from zoo.pose.skeleton import skeleton_of


class GeneratedUses(LabelledImages):
    """Plots of generated scenes, 60 m a side: sea, housing, parking, harbour, apron, tank farm, fields, woods and park.

    `scene_size` are the pixels of a scene's side.
    """

    records: ClassVar[tuple[type, ...]] = (LabelledLoading, Making)

    def __init__(self, name: str, augment: Change | None = None, scene_size: int = 1024, **settings: Any) -> None:
        super().__init__(named(name), augment, **{"value_range": VALUE_RANGE, **settings})
        self.making, self.scene_size = self.settings[Making], scene_size

    def prepare_data(self) -> None:
        """Generate the scenes that are not in the cache."""
        made(self.making.settings(self.making.classes, self.scene_size), None)

    def read_split(self) -> Split[Scene]:
        """Return the plots, of scenes that are generated now if they were not before."""
        settings = self.making.settings(self.making.classes, self.scene_size)
        files = made(settings, None)
        parts = {
            split: [
                Scene(
                    f"{split}_{number}_{place}",
                    one.image,
                    window,
                    labels=np.array([USES.index(use)]),
                    group=str(number),
                )
                for number, (one, how) in enumerate(zip(files[split], settings[split], strict=True))
                for place, (window, use) in enumerate(squares(Renderer(how)))
            ]
            for split in settings
        }
        return Split(parts, USES, settings["train"][0].bands, (NOTE,), LICENCE, self.making.resolution)


class GeneratedPose(KeypointImages):
    """Aircraft of generated scenes, each cut out by its upright box: nose, tail and the tips of its wings.

    `scene_size` are the pixels of a scene's side.
    """

    records: ClassVar[tuple[type, ...]] = (KeypointLoading, Making)

    def __init__(self, name: str, augment: Change | None = None, scene_size: int = 1024, **settings: Any) -> None:
        super().__init__(named(name), augment, **{"value_range": VALUE_RANGE, **settings})
        self.making, self.scene_size = self.settings[Making], scene_size

    def prepare_data(self) -> None:
        """Generate the scenes that are not in the cache."""
        made(self.making.settings(self.making.classes, self.scene_size), None)

    def read_split(self) -> Split[Instance]:
        """Return the aircraft of which something is seen, of scenes that are generated now if they were not before."""
        if self.making.classes <= AIRCRAFT:
            raise ZooError(f"data.classes={self.making.classes} leaves aircraft out; {AIRCRAFT + 1} is the least")
        settings = self.making.settings(self.making.classes, self.scene_size)
        files = made(settings, None)
        self.own_skeleton = skeleton_of(KEYPOINTS, EDGES, torso=TORSO)
        parts = {
            split: [
                one
                for number, (those, how) in enumerate(zip(files[split], settings[split], strict=True))
                for one in instances(f"{split}_{number}", those.image, how)
            ]
            for split in settings
        }
        return Split(parts, KEYPOINTS, settings["train"][0].bands, (NOTE,), LICENCE, self.making.resolution)


def instances(name: str, image: Any, settings: SceneSettings) -> list[Instance]:
    """Return the aircraft of a scene of which something is seen."""
    window = (0, 0, settings.width, settings.height)
    return [
        Instance(
            f"{name} #{number}", image, window, one.box[None].astype(np.float32),
            keypoints=one.keypoints.astype(np.float32), visible=one.seen, area=one.area,
        )
        for number, one in enumerate(aircraft_of(Renderer(settings)), 1)
        if one.seen.any()
    ]  # fmt: skip
