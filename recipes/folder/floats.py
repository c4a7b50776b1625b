"""Images of floats whose numbers would be cut unseen: outside [0, 1] without a range, or nodata that nothing declares."""

from collections.abc import Sequence

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.pixels import value_range
from recipes.imagery import images
from recipes.imagery.images import Values
from zoo.errors import ZooError


def refuse_strange_floats(found: Sequence[ImageAnnotation], values: Values) -> None:
    """Refuse images of floats that the range or the nodata of `values` does not fit; each is read block by block."""
    for image in found:
        if image.facts is None or not image.facts.dtype.startswith("float"):
            continue
        low, high = value_range(image.path, values.nodata)
        sentinel = images.sentinel(low, high)
        if sentinel is not None:
            raise ZooError(
                f"image {image.name} holds {sentinel:g}, which looks like nodata that the file does not declare; set "
                f"data.nodata={sentinel:g}"
            )
        if values.value_range is None and (low < 0 or high > 1):
            raise ZooError(
                f"image {image.name} holds floats from {low:g} to {high:g}, and only 0 to 1 is known without a range; "
                f"set data.value_range=[{low:g},{high:g}]"
            )
