"""Texts as pictures for people."""

import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

#: Width and height of the picture, pixels, the size of its letters, and how many signs and lines then fit.
SIZE, LETTERS, SIGNS, LINES = (320, 180), 14, 42, 10


def picture(text: str) -> np.ndarray:
    """Return the beginning of a text as uint8 (H, W, 3), black on white."""
    lines = textwrap.wrap(text, SIGNS, max_lines=LINES, placeholder=" …")
    image = Image.new("RGB", SIZE, "white")
    font = ImageFont.load_default(LETTERS)
    ImageDraw.Draw(image).multiline_text((8, 6), "\n".join(lines), fill="black", font=font)
    return np.asarray(image)
