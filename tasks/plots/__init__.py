"""Pictures of a run. Colours are Okabe and Ito's, which colour-blind readers can tell apart."""

import re
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure
from matplotlib.text import Text

from zoo.errors import clean

HIT, MISS, FALSE_ALARM = "#56B4E9", "#E69F00", "#D55E00"
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def caption(*lines: str, width: int = 40) -> str:
    """Return lines as a title that stays in its place: wrapped at `width` signs."""
    wrapped = (part for line in lines for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""])
    return "\n".join(wrapped)


def scene_path(folder: Path, name: str) -> Path:
    """Return where the picture of a scene is kept; its name may have signs that no file on some systems may have."""
    known = re.sub(r"[^\w .-]", "_", name)
    return folder / f"scene_{known}.png"


def save(figure: Figure, path: Path) -> Path:
    """Write a figure and let go of it; names in it are text, whatever signs they have: a dollar begins no formula."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_text(clean(text.get_text()))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    return path
