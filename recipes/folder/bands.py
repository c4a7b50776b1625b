"""The bands of the images: the same in all of them, and with names."""

from collections.abc import Sequence

from recipes.folder.annotations import ImageAnnotation
from recipes.imagery.bands import names_of
from zoo.errors import ZooError


def band_names(images: Sequence[ImageAnnotation], chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the bands: as chosen, else as the first image says, else band1, band2, …

    A choice among the names that the first image gives its bands is no new naming; which are read is chosen later.
    """
    first, facts = next((image, image.facts) for image in images if image.facts is not None)
    for image in images:
        if image.facts is not None and image.facts.bands != facts.bands:
            raise ZooError(
                f"all images need the same bands, but {first.name} has {facts.bands} and {image.name} has "
                f"{image.facts.bands}; convert or remove those that differ"
            )
    own = names_of(first.path, facts.bands)
    names = own if chosen is None or set(chosen) <= set(own) else tuple(str(name) for name in chosen)
    if len(names) != facts.bands or len(set(names)) != len(names):
        raise ZooError(
            f"data.bands={list(names)} must be {facts.bands} different names: {first.name} has {facts.bands} bands"
        )
    return names


def kinds_note(images: Sequence[ImageAnnotation]) -> list[str]:
    """Return a note when the images are of several types: each is scaled by the range of its own."""
    examples: dict[str, str] = {}
    for image in images:
        if image.facts is not None:
            examples.setdefault(image.facts.dtype, image.name)
    if len(examples) < 2:
        return []
    those = ", ".join(f"{dtype} ({name})" for dtype, name in examples.items())
    return [f"images are of several types, each scaled by its own range: {those}"]
