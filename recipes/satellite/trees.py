"""Tree crowns in aerial RGB imagery of 10 cm, from the National Ecological Observatory Network (NEON).

Weinstein et al. 2019, https://doi.org/10.3390/rs11111309; the four annotated tiles come in the wheel of the deepforest
package (MIT). Train and test are regions of the ground, not random crops of the same ground: the lower right quarter of
the largest tile is the test region, the right 30 % of the second tile is for validation, and a margin of 40 px (4 m,
more than half a large crown) between regions belongs to none of them.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import parse

import numpy as np

from recipes.imagery.images import facts
from recipes.imagery.module import DetectionScenes
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from zoo.sources import Source, fetch

WHEEL = "pypi://deepforest==2.1.0/deepforest/data/"
MARGIN = 40
#: sha256 of the image and of its annotation.
FILES = {
    "2019_YELL_2_528000_4978000_image_crop2": (
        "a9bdb0f4447fdd899d22f567e0e20ba8320c5413b2ad0cd0ac8d9f3b6e0f9767",
        "bd431af6a5086d721eb731b22f5ea28cd8a8eab06883efc1c665391acbc68e11",
    ),
    "2019_YELL_2_541000_4977000_image_crop": (
        "178e58a23cc2642226a364a30f71bd9258ddc1b012c826f12250914a90c7a131",
        "cefe4b96888bacbf8af1674f000082e549aa707aa6590d545effb23e43f26631",
    ),
    "OSBS_029": (
        "d9477c6a00e4902c7bee487d4c5582c3b8b9a2f77f3908a29628b816b291e6ee",
        "1f68c4011d7b351c29ca755072e77f3d16e6fd1f995bd05a9dd4eb952b55373c",
    ),
    "SOAP_061": (
        "256508f1a62149bec4a80879077a865caf50e8cace095e6564c76befa480d424",
        "4833280af75fd9c47965a93e38945282835e9e725cac412bdb9469d63480947c",
    ),
}
LARGEST, SECOND, *SMALL = FILES


class TreeCrowns(DetectionScenes):
    """One class, `tree`; about 950 crowns in four tiles."""

    def sources(self) -> Sequence[Source]:
        """Return the image and the annotation of every tile."""
        return [source for stem in FILES for source in sources_of(stem)]

    def read_split(self) -> Split[Scene]:
        """Cut the tiles into the regions of train, validation and test."""
        whole = {stem: self.annotated(stem) for stem in FILES}
        largest, second = whole[LARGEST], whole[SECOND]
        half_w, half_h, cut = largest.width // 2, largest.height // 2, int(second.width * 0.7)
        train = [
            largest.region("yell_528_west", (0, 0, half_w - MARGIN, largest.height)),
            largest.region(
                "yell_528_northeast", (half_w - MARGIN, 0, largest.width - half_w + MARGIN, half_h - MARGIN)
            ),
            second.region("yell_541_west", (0, 0, cut - MARGIN, second.height)),
            *(whole[stem] for stem in SMALL),
        ]
        val = [second.region("yell_541_east", (cut, 0, second.width - cut, second.height))]
        test = [largest.region("yell_528_southeast", (half_w, half_h, largest.width - half_w, largest.height - half_h))]
        return Split(
            {"train": train, "val": val, "test": test},
            classes=("tree",),
            bands=("red", "green", "blue"),
            notes=(
                f"test: the lower right quarter of {LARGEST}; validation: the right 30 % of {SECOND}; "
                f"a margin of {MARGIN} px between regions is in none of them",
            ),
            licence="MIT",
            resolution=0.1,
        )

    def annotated(self, stem: str) -> Scene:
        """Read one tile whole. SOAP_061 tells living from dead trees; here both are trees."""
        image, annotation = (fetch([source]).path for source in sources_of(stem))
        boxes = boxes_of(annotation)
        size = facts(image)
        return Scene(stem.lower(), image, (0, 0, size.width, size.height), boxes, np.zeros(len(boxes), np.int64))


def sources_of(stem: str) -> tuple[Source, Source]:
    """Return where the image and the annotation of a tile come from."""
    image, annotation = FILES[stem]
    return Source(f"{WHEEL}{stem}.png", image), Source(f"{WHEEL}{stem}.xml", annotation)


def boxes_of(annotation: Path) -> np.ndarray:
    """Read the boxes (N, 4) xyxy of a VOC annotation."""
    corners = ("xmin", "ymin", "xmax", "ymax")
    found = [[float(box.findtext(corner, "nan")) for corner in corners] for box in parse(annotation).iter("bndbox")]
    return np.array(found, np.float32).reshape(-1, 4)
