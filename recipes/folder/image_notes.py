"""What is worth knowing of the images of a folder, whatever is annotated on them: said in training and in a check."""

from collections.abc import Iterator, Sequence

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.problems import some
from recipes.imagery.bands import COLOURS, repeats_grey
from zoo.errors import agreeing

TURNED = "[picture is|pictures are] turned as [its|their] EXIF says, and annotations are taken on what is seen"
PAGES = "[image holds|images hold] several pages or frames, of which the first is read"
ALPHA = (
    "[image has|images have] an alpha band or transparency, which tells where there is data; "
    "data.band_names=[…] with a name for it reads it as a band"
)
GREY = "[image is|images are] grey beside others in colours, and [its|their] band is read as each of them"


def image_notes(images: Sequence[ImageAnnotation]) -> Iterator[str]:
    """Yield notes on turned, grey, transparent and many-paged images, and on types of several ranges."""
    known = [(image, image.facts) for image in images if image.facts is not None]
    colours = any(seen.bands == len(COLOURS) for _, seen in known)
    those = {
        TURNED: [image.name for image, seen in known if seen.orientation != 1],
        PAGES: [f"{image.name}: {seen.pages}" for image, seen in known if seen.pages > 1],
        ALPHA: [image.name for image, seen in known if seen.alpha],
        GREY: [
            image.name for image, seen in known if colours and seen.bands == 1 and repeats_grey(image.path, COLOURS)
        ],
    }
    yield from (f"{agreeing(len(names), sentence)} ({some(names)})" for sentence, names in those.items() if names)
    examples: dict[str, str] = {}
    for image, seen in known:
        examples.setdefault(seen.dtype, image.name)
    if len(examples) > 1:
        said = ", ".join(f"{dtype} ({name})" for dtype, name in examples.items())
        yield f"images are of several types, each scaled by its own range: {said}"
