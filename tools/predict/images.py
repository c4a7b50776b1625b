"""The images that are asked about: one scene, or the images of a folder."""

from collections.abc import Sequence
from pathlib import Path

from recipes.imagery.images import SUFFIXES, is_image
from zoo.errors import ZooError


def one_scene(inputs: Sequence[Path], out: Path) -> Path | None:
    """Return the scene that is to be written into the file `out`; None where it is a folder that all goes into."""
    if len(inputs) > 1:
        raise ZooError(f"{len(inputs)} images are named, such as {inputs[1]}; name one scene, or a folder")
    if not out.suffix or out.is_dir():
        return None
    if inputs[0].is_dir():
        raise ZooError(f"{inputs[0]} is a folder, and --out {out} is a file for one scene; give --out a folder")
    return inputs[0]


def images_in(images: Path) -> list[Path]:
    """Return the image, or the images of the folder and below it, sorted."""
    if images.is_file():
        return [images]
    if not images.is_dir():
        raise ZooError(f"there is no image or folder {str(images)!r}")
    found = sorted(path for path in images.rglob("*") if path.is_file() and is_image(path))
    if not found:
        raise ZooError(f"folder {str(images)!r} holds no image; looked for {', '.join(sorted(SUFFIXES))}")
    return found
