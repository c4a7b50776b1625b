"""Pictures as Pillow reads them: decoded whole, seen as their EXIF says, with what is transparent told apart."""

from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".gif", ".bmp", ".webp", ".ppm", ".pgm", ".pnm"})
#: How the files of the usual kinds begin, whatever they are called.
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"RIFF")
ORIENTATION = 274  # the EXIF tag; 1 is upright, from 5 on width and height change places
#: Pixels of a picture at most: it is decoded whole, in eight bytes a pixel and more. What Pillow takes for an attack is
#: less than a scene from a camera in the air.
LARGEST = 300_000_000
Image.MAX_IMAGE_PIXELS = None


class Picture(NamedTuple):
    """A decoded picture: (C, H, W), with the transparency as its last band when `alpha`."""

    pixels: np.ndarray
    alpha: bool


class PictureFacts(NamedTuple):
    """What the head of a picture says: size as it is seen, bands without transparency, type, frames, EXIF orientation."""

    width: int
    height: int
    bands: int
    dtype: str
    alpha: bool
    pages: int
    orientation: int


def is_picture(beginning: bytes) -> bool:
    """Say whether a file that begins so is a picture of a usual kind."""
    return beginning.startswith(BEGINNINGS) and (beginning[:4] != b"RIFF" or beginning[8:12] == b"WEBP")


def plain_mode(image: Image.Image) -> str:
    """Return the mode in which a picture is read: grey or colours, each with what is transparent or without, or numbers."""
    if image.mode.startswith(("I", "F")):
        return image.mode
    grey = image.mode in ("1", "L", "LA", "La")
    transparent = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    return ("L" if grey else "RGB") + ("A" if transparent else "")


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a picture that was not decoded yet; to look behind a PNG's pixels is to decode them."""
    return int(image.getexif().get(ORIENTATION, 1)) if image.format != "PNG" or "exif" in image.info else 1


def open_picture(path: Path) -> Image.Image:
    """Open a picture without decoding it; one of more than `LARGEST` pixels is an OSError, as what else cannot be read."""
    image = Image.open(path)
    width, height = image.size
    if width * height > LARGEST:
        image.close()
        raise OSError(
            f"{width} × {height} pixels are more than the {LARGEST:,} that a {path.suffix} may have, as it is decoded whole; a "
            f"GeoTIFF is read in windows: rio convert {path.name} {path.stem}.tif --co TILED=YES --co COMPRESS=DEFLATE"
        )
    return image


def tiff_orientation(path: Path) -> int:
    """Return the orientation that a TIFF asks for; 1 where its bands are such that only GDAL reads it."""
    try:
        with Image.open(path) as image:
            return orientation(image)
    except (UnidentifiedImageError, SyntaxError):
        return 1


def picture_facts(path: Path) -> PictureFacts:
    """Return what the head of the picture at `path` says."""
    with open_picture(path) as image:
        mode, turned = plain_mode(image), orientation(image)
        width, height = image.size[::-1] if turned in range(5, 9) else image.size
        dtype = "float32" if mode == "F" else "uint16" if mode.startswith("I") else "uint8"
        # the second picture of an MPO is the preview or the depth of the first
        pages = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        return PictureFacts(width, height, 3 if mode.startswith("RGB") else 1, dtype, mode.endswith("A"), pages, turned)


def decode(path: Path) -> Picture:
    """Decode a picture whole, turned as it is to be seen; a palette becomes colours, one bit becomes 0 and 255."""
    with open_picture(path) as image:
        turned = orientation(image) != 1
        image.load()
        mode = plain_mode(image)
        upright = ImageOps.exif_transpose(image) if turned else image
        pixels = np.array(upright if upright.mode == mode else upright.convert(mode))
    if pixels.dtype == np.int32:  # Pillow's mode I holds 16-bit PNG
        pixels = pixels.astype(np.uint16)
    bands = pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return Picture(bands, mode.endswith("A"))


class PictureCache:
    """Decoded pictures, the last used kept: PNG and JPEG have no windows, and each crop would decode the whole file."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.held = most_bytes, OrderedDict[Path, Picture]()

    def get(self, path: Path) -> Picture:
        """Return the picture at `path`."""
        if path in self.held:
            self.held.move_to_end(path)
            return self.held[path]
        picture = decode(path)
        self.held[path] = picture
        while sum(kept.pixels.nbytes for kept in self.held.values()) > self.most_bytes and len(self.held) > 1:
            self.held.popitem(last=False)
        return picture


CACHE = PictureCache(most_bytes=512 * 1024**2)
