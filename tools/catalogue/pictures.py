"""Pictures: the drawings of a run, no larger than a page needs."""

import io
from pathlib import Path

from PIL import Image

from zoo.errors import ZooError

#: Longer side, pixels: twice the width in which a page shows it.
MOST_PIXELS = 1400
#: Above this many bytes even a small picture is packed again.
MOST_BYTES = 300_000


def bounded(path: Path) -> tuple[str, bytes, tuple[int, int]]:
    """Return name, content and (width, height) of the picture at `path`, made smaller where it is too large."""
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            content = path.read_bytes()
            if max(image.size) <= MOST_PIXELS and len(content) <= MOST_BYTES:
                image.verify()
                return path.name, content, image.size
            small = image.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # SyntaxError: what Pillow says of a bad PNG
        raise ZooError(f"picture {path} cannot be read: {error}; delete it or draw it again") from error
    small.thumbnail((MOST_PIXELS, MOST_PIXELS))
    packed = io.BytesIO()
    small.save(packed, "JPEG", quality=84, optimize=True)
    return f"{path.stem}.jpg", packed.getvalue(), small.size
